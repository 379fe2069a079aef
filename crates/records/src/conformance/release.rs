//! Releases.

use std::sync::Arc;

use windlass_model::profile::Profile;

use super::sample::{self, NOW, Sample, finish, id};
use super::{conflict, not_found};
use crate::{
    BindingState, Change, Deployment, DeploymentStatus, PageRequest, Release, ReleaseBinding,
    ReleaseCommand, Store,
};

async fn deployed(sample: &Sample, number: u32) -> Release {
    let deployment = Deployment {
        number,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let release = sample.release(&deployment);
    sample
        .commit([
            Change::InsertDeployment(deployment.clone()),
            Change::InsertRelease(release.clone()),
            Change::NumberRelease { id: release.id },
            finish(&deployment, DeploymentStatus::Completed),
        ])
        .await;
    release
}

/// A release has no number until its deployment passes the pivot; then it is the next, and stays.
pub async fn numbers_come_with_the_pivot(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let first = deployed(&sample, 1).await;
    let failing = Deployment {
        number: 2,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let unnumbered = sample.release(&failing);
    sample
        .commit([
            Change::InsertDeployment(failing.clone()),
            Change::InsertRelease(unnumbered.clone()),
        ])
        .await;
    assert_eq!(
        store.release(unnumbered.id).await.expect("an answer"),
        Some(unnumbered.clone())
    );
    let listed = store
        .releases(sample.test.id, &PageRequest::first(9))
        .await
        .expect("a page");
    assert_eq!(
        (listed.count, listed.rows),
        (
            1,
            vec![Release {
                number: 1,
                ..first.clone()
            }]
        )
    );
    sample
        .commit([
            finish(&failing, DeploymentStatus::Failed),
            Change::DeleteRelease(unnumbered.id),
        ])
        .await;
    assert_eq!(store.release(unnumbered.id).await.expect("an answer"), None);
    // A deployment that failed before it made its release forgets it too.
    sample.commit([Change::DeleteRelease(unnumbered.id)]).await;

    let second = deployed(&sample, 3).await;
    let third = deployed(&sample, 4).await;
    sample
        .commit([Change::NumberRelease { id: second.id }])
        .await;
    let (mut seen, mut page) = (Vec::new(), PageRequest::first(2));
    loop {
        let answer = store.releases(sample.test.id, &page).await.expect("a page");
        assert_eq!(answer.count, 3);
        seen.extend(answer.rows.into_iter().map(|row| (row.number, row.id)));
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [(3, third.id), (2, second.id), (1, first.id)]);
    not_found(store.commit(vec![Change::NumberRelease { id: id() }]).await);
    assert_eq!(
        store
            .releases(sample.live.id, &PageRequest::first(9))
            .await
            .expect("a page")
            .count,
        0
    );
}

/// The switch is refused when another was made since, and the running release cannot be forgotten.
pub async fn the_running_release_is_guarded(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (first, second) = (deployed(&sample, 1).await, deployed(&sample, 2).await);
    let switch = |id, from, to| Change::SetRunningRelease { id, from, to };
    sample
        .commit([switch(sample.test.id, None, Some(first.id))])
        .await;
    conflict(
        store
            .commit(vec![switch(sample.test.id, None, Some(second.id))])
            .await,
    );
    conflict(
        store
            .commit(vec![switch(sample.test.id, Some(second.id), None)])
            .await,
    );
    conflict(
        store
            .commit(vec![switch(sample.live.id, None, Some(first.id))])
            .await,
    );
    not_found(
        store
            .commit(vec![switch(sample.test.id, Some(first.id), Some(id()))])
            .await,
    );
    not_found(store.commit(vec![switch(id(), None, Some(first.id))]).await);
    conflict(store.commit(vec![Change::DeleteRelease(first.id)]).await);
    sample
        .commit([
            switch(sample.test.id, Some(first.id), Some(second.id)),
            Change::DeleteRelease(first.id),
        ])
        .await;
    let test = store
        .environment(sample.test.id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!(test.running_release, Some(second.id));
    sample
        .commit([switch(sample.test.id, Some(second.id), None)])
        .await;
}

/// Everything of it comes back as it was; nothing may pin credentials that are being revoked.
pub async fn releases_pin_what_is_there(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let commands = vec![ReleaseCommand {
        label: "a".into(),
        command: "b".into(),
    }];
    sample
        .commit([Change::SetReleaseCommands {
            id: sample.shop.id,
            commands,
        }])
        .await;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let password = sample::secret("password");
    let binding = sample::binding(instance.id, 1, password.id);
    let earlier = deployed(&sample, 1).await;
    let deployment = Deployment {
        number: 2,
        ..sample.deployment(&sample.test, vec![instance.id])
    };
    let mut release = sample.release(&deployment);
    release.bindings.push(ReleaseBinding {
        binding: binding.id,
        instance: instance.id,
        prefix: instance.prefix.clone(),
        url_scheme: Some("postgis".into()),
        profile: Some(Profile::Rails),
        media_host: Some("media.example.com".into()),
    });
    release.rollback_of = Some(earlier.id);
    release.created_at = NOW.plus_millis(1);
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertBinding(binding.clone()),
            Change::InsertDeployment(deployment.clone()),
            Change::InsertRelease(release.clone()),
        ])
        .await;
    assert_eq!(
        store.release(release.id).await.expect("an answer"),
        Some(release.clone())
    );
    conflict(
        store
            .commit(vec![Change::InsertRelease(release.clone())])
            .await,
    );

    let revoking = Change::SetBindingState {
        id: binding.id,
        from: BindingState::Pending,
        to: BindingState::Revoking,
    };
    sample.commit([revoking]).await;
    let late = Release {
        id: id(),
        ..release.clone()
    };
    conflict(
        store
            .commit(vec![Change::InsertRelease(late.clone())])
            .await,
    );
    let mut unknown = late.clone();
    unknown.bindings[0].binding = id();
    not_found(store.commit(vec![Change::InsertRelease(unknown)]).await);
    not_found(
        store
            .commit(vec![Change::InsertRelease(Release {
                deployment: id(),
                ..late
            })])
            .await,
    );
    assert_eq!(store.release(id()).await.expect("an answer"), None);
}
