//! The end of an application.

use std::sync::Arc;

use windlass_model::instance::InstanceState;
use windlass_operations::{Event, Fence, Subject};

use super::sample::{self, NOW, Sample, finish, id};
use super::{account, conflict, not_found};
use crate::{
    ApplicationFilter, BindingState, CLEAN_UP_SUBJECT, Change, ClusterKind, ClusterState,
    DeploymentStatus, Instance, PageRequest, ReleaseVariable, Scope, Store, VariableValue,
};

/// Refused while something of it is left or at work, with what that is.
pub async fn deletion_waits_for_what_is_left(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let delete = || vec![Change::DeleteApplication(sample.shop.id)];
    let refused_for = async |what: &str| {
        let text = conflict(store.commit(delete()).await);
        assert!(
            text.contains("'shop'") && text.contains(what),
            "{what}: {text}"
        );
    };
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    refused_for("instance DEFAULT").await;
    let (password, administrator) = (sample::secret("password"), sample::secret("x"));
    let binding = sample::binding(instance.id, 1, password.id);
    let state = |from, to| Change::SetInstanceState {
        id: instance.id,
        from,
        to,
        at: NOW,
    };
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertBinding(binding.clone()),
            state(InstanceState::New, InstanceState::Removed),
        ])
        .await;
    refused_for(&format!("binding {}", binding.id)).await;
    let revoked = Change::SetBindingState {
        id: binding.id,
        from: BindingState::Pending,
        to: BindingState::Revoked,
    };
    let (mut cluster, _) = sample.cluster(ClusterKind::Private, Some(instance.id), None);
    cluster.password = administrator.id;
    sample
        .commit([
            revoked,
            Change::InsertSecret(administrator),
            Change::InsertCluster(cluster.clone()),
        ])
        .await;
    refused_for(&format!("cluster {}", cluster.id)).await;
    let removed = Change::SetClusterState {
        id: cluster.id,
        from: ClusterState::New,
        to: ClusterState::Removed,
    };
    let deployment = sample.deployment(&sample.test, Vec::new());
    sample
        .commit([removed, Change::InsertDeployment(deployment.clone())])
        .await;
    refused_for(&format!("deployment {}", deployment.id)).await;
    sample
        .commit([finish(&deployment, DeploymentStatus::Cancelled)])
        .await;

    // A clean-up does not stand in its way, whatever has become of it.
    let mut clean_up = sample::operation(&sample.test.id.to_string());
    clean_up.subject.kind = CLEAN_UP_SUBJECT.into();
    clean_up.created_at = NOW.plus_millis(1);
    store
        .create(clean_up.clone(), Vec::new())
        .await
        .expect("it is created");
    let mut at_work = sample::operation(&sample.test.id.to_string());
    at_work.id = id();
    store
        .create(at_work.clone(), Vec::new())
        .await
        .expect("it is created");
    refused_for(&format!("operation {}", at_work.id)).await;
    // The removal itself, an operation about the environment, does not stand in its own way.
    let claimed = store
        .claim("me", NOW, 1000)
        .await
        .expect("an answer")
        .expect("one is due");
    let fence = Fence::Epoch(claimed.epoch);
    let started = Event::StepStarted {
        step: "first".into(),
    };
    store
        .record(at_work.id, fence, NOW, &started, &[])
        .await
        .expect("it starts");
    let done = Event::StepDone {
        step: "first".into(),
        output: None,
    };
    store
        .record(at_work.id, fence, NOW, &done, &delete())
        .await
        .expect("it deletes the application");
    assert_eq!(
        store.application(sample.shop.id).await.expect("an answer"),
        None
    );
    let left = store.load(clean_up.id).await.expect("an answer");
    assert!(left.is_some_and(|it| !it.state.is_finished()));
    not_found(store.commit(delete()).await);
}

/// Everything that belongs to it goes, its secrets too; other applications stay whole.
pub async fn deletion_leaves_nothing(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let other = sample::application(&sample.organisation, &sample.region, "other");
    let (kept, kept_key) = sample::environment(&other, "test", 0, 9);
    sample
        .commit([
            Change::InsertApplication(other.clone()),
            Change::InsertSecret(kept_key),
            Change::InsertEnvironment(kept.clone()),
        ])
        .await;
    let kept_instance = sample
        .stored_instance(&kept, &sample.database, "DEFAULT")
        .await;

    let gone = Instance {
        state: InstanceState::Removed,
        ..sample.instance(&sample.test, &sample.database, "DEFAULT")
    };
    let (value, pinned) = (sample::secret("value"), sample::secret("pinned"));
    let variable = sample::variable(sample.test.id, "NAME", value.id);
    let deployment = sample.deployment(&sample.test, Vec::new());
    let mut release = sample.release(&deployment);
    release.variables.push(ReleaseVariable {
        name: "OLD".parse().expect("good"),
        source: windlass_model::variables::VariableSource::Custom,
        value: VariableValue::Secret(pinned.id),
        is_sensitive: true,
    });
    sample
        .commit([
            Change::InsertInstance(gone.clone()),
            Change::InsertSecret(value.clone()),
            Change::PutVariable(variable.clone()),
            Change::InsertDeployment(deployment.clone()),
            Change::InsertSecret(pinned.clone()),
            Change::InsertRelease(release.clone()),
            Change::NumberRelease { id: release.id },
            Change::SetRunningRelease {
                id: sample.test.id,
                from: None,
                to: Some(release.id),
            },
            finish(&deployment, DeploymentStatus::Completed),
        ])
        .await;
    // An operation that has ended is a record, and stays.
    let mut ended = sample::operation("other");
    ended.subject = Subject {
        kind: "service_instance".into(),
        id: id::<windlass_model::id::InstanceId>().to_string(),
    };
    store
        .create(ended.clone(), Vec::new())
        .await
        .expect("it is created");

    // What was for it alone is for nothing any more.
    let user = account::user("ada@example.org");
    let own = Scope::Application(sample.organisation.id, sample.shop.id);
    sample
        .commit([
            Change::InsertUser(user.clone()),
            Change::InsertToken(account::token(&user, "00", own)),
            Change::InsertToken(account::token(&user, "01", Scope::Everywhere)),
        ])
        .await;

    sample
        .commit([Change::DeleteApplication(sample.shop.id)])
        .await;
    let left = store.tokens(user.id).await.expect("a list");
    assert_eq!(
        left.iter().map(|token| &token.hash).collect::<Vec<_>>(),
        ["01"]
    );
    assert!(
        store
            .environments(sample.shop.id)
            .await
            .expect("a list")
            .is_empty()
    );
    assert_eq!(
        store.environment(sample.live.id).await.expect("an answer"),
        None
    );
    assert_eq!(store.instance(gone.id).await.expect("an answer"), None);
    assert_eq!(
        store.deployment(deployment.id).await.expect("an answer"),
        None
    );
    assert_eq!(store.release(release.id).await.expect("an answer"), None);
    for secret in [
        value.id,
        pinned.id,
        sample.test.secret_key,
        sample.live.secret_key,
    ] {
        not_found(store.reveal(&[secret]).await);
    }
    assert_eq!(
        store
            .free_subnets(sample.region.id, 2)
            .await
            .expect("numbers"),
        [0, 1]
    );

    let left = store
        .applications(&ApplicationFilter::default(), &PageRequest::first(9))
        .await
        .expect("a page");
    assert_eq!(left.rows, [other]);
    assert_eq!(
        store.all_environments().await.expect("a list"),
        std::slice::from_ref(&kept)
    );
    assert_eq!(
        store.instance(kept_instance.id).await.expect("an answer"),
        Some(kept_instance)
    );
    store.reveal(&[kept.secret_key]).await.expect("it stays");
    assert!(store.load(ended.id).await.expect("an answer").is_some());
    // Its name is free again.
    sample
        .commit([Change::InsertApplication(sample::application(
            &sample.organisation,
            &sample.region,
            "shop",
        ))])
        .await;
}
