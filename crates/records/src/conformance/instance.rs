//! Instances and bindings.

use std::sync::Arc;

use windlass_model::instance::InstanceState as S;
use windlass_model::profile::Profile;
use windlass_model::time::Timestamp;

use super::sample::{self, NOW, Sample, finish, id};
use super::{conflict, not_found};
use crate::{
    BindingState, Change, ClusterKind, DeploymentStatus, Instance, InstanceFailure, InstanceFilter,
    MediaDomain, PageRequest, Store,
};

fn state(instance: &Instance, from: S, to: S) -> Change {
    Change::SetInstanceState {
        id: instance.id,
        from,
        to,
        at: NOW.plus_millis(5),
    }
}

async fn load(sample: &Sample, instance: &Instance) -> Instance {
    sample
        .store
        .instance(instance.id)
        .await
        .expect("an answer")
        .expect("it is there")
}

/// Unique per environment and kind among those that are not removed.
pub async fn prefixes_are_unique(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let first = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let twin = sample.instance(&sample.test, &sample.database, "DEFAULT");
    let text = conflict(
        store
            .commit(vec![Change::InsertInstance(twin.clone())])
            .await,
    );
    assert!(
        text.contains("DEFAULT") && text.contains("DATABASE"),
        "{text}"
    );
    sample
        .stored_instance(&sample.test, &sample.storage, "DEFAULT")
        .await;
    sample
        .stored_instance(&sample.live, &sample.database, "DEFAULT")
        .await;

    let second = sample
        .stored_instance(&sample.test, &sample.database, "SECOND")
        .await;
    let rename = |prefix: &str| Change::SetInstancePrefix {
        id: second.id,
        prefix: prefix.parse().expect("good"),
        at: NOW.plus_millis(3),
    };
    let text = conflict(store.commit(vec![rename("DEFAULT")]).await);
    assert!(text.contains("DEFAULT"), "{text}");
    sample.commit([rename("THIRD")]).await;
    let renamed = load(&sample, &second).await;
    assert_eq!(
        (renamed.prefix.as_str(), renamed.updated_at),
        ("THIRD", NOW.plus_millis(3))
    );

    sample
        .commit([
            state(&first, S::New, S::Removing),
            state(&first, S::Removing, S::Removed),
            rename("DEFAULT"),
        ])
        .await;
    conflict(store.commit(vec![state(&first, S::Removed, S::New)]).await);
    conflict(store.commit(vec![Change::InsertInstance(twin)]).await);
    let homeless = Instance {
        environment: id(),
        ..sample.instance(&sample.test, &sample.database, "X")
    };
    not_found(store.commit(vec![Change::InsertInstance(homeless)]).await);
    let nothing = Instance {
        service: id(),
        ..sample.instance(&sample.test, &sample.database, "X")
    };
    not_found(store.commit(vec![Change::InsertInstance(nothing)]).await);
}

/// A decision that was made on another state is refused, whole.
pub async fn states_are_guarded(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    sample
        .commit([state(&instance, S::New, S::Provisioning)])
        .await;
    assert_eq!(
        load(&sample, &instance).await.updated_at,
        NOW.plus_millis(5)
    );
    let text = conflict(
        store
            .commit(vec![state(&instance, S::New, S::Provisioning)])
            .await,
    );
    assert!(
        text.contains("PROVISIONING") && text.contains("NEW"),
        "{text}"
    );
    let expect = |id, states: &[S]| Change::ExpectInstanceState {
        id,
        states: states.to_vec(),
    };
    sample
        .commit([expect(instance.id, &[S::New, S::Provisioning])])
        .await;
    conflict(
        store
            .commit(vec![expect(instance.id, &[S::New, S::Attached])])
            .await,
    );
    conflict(store.commit(vec![expect(instance.id, &[])]).await);
    not_found(store.commit(vec![expect(id(), &[S::New])]).await);
    let unknown = Instance {
        id: id(),
        ..instance.clone()
    };
    assert_eq!(
        not_found(
            store
                .commit(vec![state(&unknown, S::New, S::Provisioning)])
                .await
        ),
        format!("instance {}", unknown.id)
    );
    // The first of the two applies alone, but not with the second.
    let both = vec![
        state(&instance, S::Provisioning, S::PendingAttachment),
        expect(instance.id, &[S::New]),
    ];
    conflict(store.commit(both).await);
    assert_eq!(load(&sample, &instance).await.state, S::Provisioning);
}

/// A removal that is rolled back finds the state to return to.
pub async fn removal_keeps_the_state_before(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    sample
        .commit([
            state(&instance, S::New, S::Provisioning),
            state(&instance, S::Provisioning, S::PendingAttachment),
            state(&instance, S::PendingAttachment, S::Removing),
        ])
        .await;
    assert_eq!(
        load(&sample, &instance).await.state_before_removal,
        Some(S::PendingAttachment)
    );
    sample
        .commit([state(&instance, S::Removing, S::PendingAttachment)])
        .await;
    assert_eq!(load(&sample, &instance).await.state_before_removal, None);
}

/// An instance of an unfinished deployment's snapshot is in use.
pub async fn deployments_hold_their_instances(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let used = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let added = sample
        .stored_instance(&sample.test, &sample.database, "ADDED")
        .await;
    let deployment = sample.deployment(&sample.test, vec![used.id]);
    sample
        .commit([Change::InsertDeployment(deployment.clone())])
        .await;
    let unused = |id| Change::ExpectInstanceUnused { id };
    let text = conflict(sample.store.commit(vec![unused(used.id)]).await);
    assert!(text.contains(&deployment.id.to_string()), "{text}");
    sample.commit([unused(added.id)]).await;
    sample
        .commit([
            finish(&deployment, DeploymentStatus::Failed),
            unused(used.id),
        ])
        .await;
    not_found(sample.store.commit(vec![unused(id())]).await);
}

/// Cluster, scheme and failure.
pub async fn rows_change(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let mut instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let (cluster, password) = sample.cluster(ClusterKind::Shared, None, None);
    instance.cluster = Some(cluster.id);
    instance.url_scheme = Some("postgis".into());
    instance.profile = Some(Profile::Laravel);
    instance.public = true;
    instance.media_domain = Some(media_domain("media.example.com", false));
    instance.updated_at = NOW.plus_millis(7);
    instance.last_error = Some(InstanceFailure {
        operation: id(),
        step: "provision".into(),
        message: "no room".into(),
        hint: Some("free space".into()),
        at: NOW,
    });
    let scheme = |id| Change::SetInstanceUrlScheme {
        id,
        url_scheme: Some("postgis".into()),
        at: NOW.plus_millis(6),
    };
    let profile = |id| Change::SetInstanceProfile {
        id,
        profile: Some(Profile::Laravel),
        at: NOW.plus_millis(6),
    };
    let public = |id| Change::SetInstancePublic {
        id,
        public: true,
        at: NOW.plus_millis(6),
    };
    let domain = |id| Change::SetInstanceMediaDomain {
        id,
        domain: Some(media_domain("media.example.com", false)),
        at: NOW.plus_millis(6),
    };
    let failure = |id| Change::SetInstanceError {
        id,
        error: instance.last_error.clone(),
        at: NOW.plus_millis(7),
    };
    let place = |id, cluster| Change::SetInstanceCluster { id, cluster };
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertCluster(cluster.clone()),
            place(instance.id, Some(cluster.id)),
            scheme(instance.id),
            profile(instance.id),
            public(instance.id),
            domain(instance.id),
            failure(instance.id),
        ])
        .await;
    assert_eq!(load(&sample, &instance).await, instance);
    let cleared = Change::SetInstanceError {
        id: instance.id,
        error: None,
        at: NOW.plus_millis(8),
    };
    let no_profile = Change::SetInstanceProfile {
        id: instance.id,
        profile: None,
        at: NOW.plus_millis(8),
    };
    sample
        .commit([cleared, no_profile, place(instance.id, None)])
        .await;
    let private = Change::SetInstancePublic {
        id: instance.id,
        public: false,
        at: NOW.plus_millis(9),
    };
    let no_domain = Change::SetInstanceMediaDomain {
        id: instance.id,
        domain: None,
        at: NOW.plus_millis(9),
    };
    sample.commit([private, no_domain]).await;
    let now = load(&sample, &instance).await;
    let left = (now.last_error, now.profile, now.cluster, now.media_domain);
    assert_eq!(left, (None, None, None, None));
    assert_eq!((now.public, now.updated_at), (false, NOW.plus_millis(9)));
    for change in [
        scheme(id()),
        profile(id()),
        public(id()),
        domain(id()),
        failure(id()),
        place(id(), None),
        place(instance.id, Some(id())),
    ] {
        not_found(store.commit(vec![change]).await);
    }
}

fn media_domain(host: &str, is_cdn: bool) -> MediaDomain {
    let host = host.parse().expect("good");
    MediaDomain { host, is_cdn }
}

/// One instance's, wherever it is, until that is removed; a network of others may be named by many.
pub async fn media_domains_are_unique(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let first = sample
        .stored_instance(&sample.test, &sample.storage, "DEFAULT")
        .await;
    let second = sample
        .stored_instance(&sample.live, &sample.storage, "DEFAULT")
        .await;
    let set = |instance: &Instance, host, is_cdn| Change::SetInstanceMediaDomain {
        id: instance.id,
        domain: Some(media_domain(host, is_cdn)),
        at: NOW.plus_millis(1),
    };
    let taken = |text: String| {
        assert!(text.contains("taken"), "{text}");
        assert!(!text.contains(&first.id.to_string()), "{text}");
    };
    sample
        .commit([set(&first, "media.example.com", false)])
        .await;
    // Again is no conflict with itself.
    sample
        .commit([set(&first, "media.example.com", false)])
        .await;
    let again = set(&second, "media.example.com", false);
    taken(conflict(store.commit(vec![again]).await));
    let third = Instance {
        media_domain: Some(media_domain("media.example.com", false)),
        ..sample.instance(&sample.live, &sample.storage, "THIRD")
    };
    taken(conflict(
        store.commit(vec![Change::InsertInstance(third)]).await,
    ));
    sample
        .commit([set(&second, "media.example.com", true)])
        .await;
    sample
        .commit([set(&first, "media.example.com", true)])
        .await;
    let now = load(&sample, &first).await.media_domain;
    assert_eq!(now, Some(media_domain("media.example.com", true)));
    sample
        .commit([set(&first, "media.example.com", false)])
        .await;
    let routed = set(&second, "media.example.com", false);
    taken(conflict(store.commit(vec![routed.clone()]).await));
    sample
        .commit([
            state(&first, S::New, S::Removing),
            state(&first, S::Removing, S::Removed),
            routed,
        ])
        .await;
}

/// Databases, storage, others; `DEFAULT`, then by prefix; removed ones only when asked for.
pub async fn lists_are_sorted(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let cache = sample::service(&sample.region, "redis", "CACHE");
    let (cluster, password) = sample.cluster(ClusterKind::Shared, None, None);
    sample
        .commit([
            Change::PutService(cache.clone()),
            Change::InsertSecret(password),
            Change::InsertCluster(cluster.clone()),
        ])
        .await;
    for (service, prefix) in [
        (&cache, "DEFAULT"),
        (&sample.storage, "MEDIA"),
        (&sample.storage, "DEFAULT"),
        (&sample.database, "ZOO"),
        (&sample.database, "ANALYTICS"),
        (&sample.database, "DEFAULT"),
    ] {
        let mut instance = sample.instance(&sample.test, service, prefix);
        instance.cluster = (service.kind == "DATABASE").then_some(cluster.id);
        sample.commit([Change::InsertInstance(instance)]).await;
    }
    let gone = Instance {
        state: S::Removed,
        ..sample.instance(&sample.test, &sample.database, "GONE")
    };
    sample.commit([Change::InsertInstance(gone)]).await;
    sample
        .stored_instance(&sample.live, &sample.storage, "LIVE")
        .await;

    let of_test = InstanceFilter {
        environment: Some(sample.test.id),
        ..InstanceFilter::default()
    };
    let (mut seen, mut page) = (Vec::new(), PageRequest::first(2));
    loop {
        let answer = store.instances(&of_test, &page).await.expect("a page");
        assert_eq!(answer.count, 6);
        seen.extend(
            answer
                .rows
                .into_iter()
                .map(|row| format!("{} {}", row.kind, row.prefix)),
        );
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(
        seen,
        [
            "DATABASE DEFAULT",
            "DATABASE ANALYTICS",
            "DATABASE ZOO",
            "STORAGE DEFAULT",
            "STORAGE MEDIA",
            "CACHE DEFAULT"
        ]
    );
    let count = async |filter: InstanceFilter| {
        store
            .instances(&filter, &PageRequest::first(1))
            .await
            .expect("a page")
            .count
    };
    let none = InstanceFilter::default();
    assert_eq!(
        count(InstanceFilter {
            with_removed: true,
            ..of_test
        })
        .await,
        7
    );
    assert_eq!(
        count(InstanceFilter {
            application: Some(sample.shop.id),
            ..none.clone()
        })
        .await,
        7
    );
    assert_eq!(
        count(InstanceFilter {
            application: Some(id()),
            ..none.clone()
        })
        .await,
        0
    );
    assert_eq!(
        count(InstanceFilter {
            cluster: Some(cluster.id),
            ..none.clone()
        })
        .await,
        3
    );
    assert_eq!(
        count(InstanceFilter {
            with_removed: true,
            ..none
        })
        .await,
        8
    );
    assert_eq!(store.instance(id()).await.expect("an answer"), None);
}

/// Each binding has the next number; its state is guarded; revoked ones leave the list.
pub async fn bindings_are_numbered(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let (one, two) = (sample::secret("one"), sample::secret("two"));
    let first = sample::binding(instance.id, 1, one.id);
    let second = sample::binding(instance.id, 2, two.id);
    sample
        .commit([Change::InsertSecret(one), Change::InsertSecret(two)])
        .await;
    conflict(
        store
            .commit(vec![Change::InsertBinding(second.clone())])
            .await,
    );
    sample.commit([Change::InsertBinding(first.clone())]).await;
    let again = crate::Binding {
        id: id(),
        ..first.clone()
    };
    conflict(store.commit(vec![Change::InsertBinding(again)]).await);
    sample.commit([Change::InsertBinding(second.clone())]).await;
    assert_eq!(load(&sample, &instance).await.generation, 2);
    assert_eq!(
        store.bindings(instance.id).await.expect("a list"),
        [first.clone(), second.clone()]
    );

    let replace = Change::ReplaceBinding {
        id: second.id,
        grace_ends_at: Timestamp(7_000),
    };
    let text = conflict(store.commit(vec![replace.clone()]).await);
    assert!(text.contains("pending"), "{text}");
    assert_eq!(store.replaced_bindings().await.expect("a list"), []);

    let state = |id, from, to| Change::SetBindingState { id, from, to };
    sample
        .commit([state(first.id, BindingState::Pending, BindingState::Active)])
        .await;
    let text = conflict(
        store
            .commit(vec![state(
                first.id,
                BindingState::Pending,
                BindingState::Active,
            )])
            .await,
    );
    assert!(text.contains("active"), "{text}");
    sample
        .commit([state(
            first.id,
            BindingState::Active,
            BindingState::Revoking,
        )])
        .await;
    assert_eq!(store.bindings(instance.id).await.expect("a list").len(), 2);
    sample
        .commit([state(
            first.id,
            BindingState::Revoking,
            BindingState::Revoked,
        )])
        .await;
    assert_eq!(
        store.bindings(instance.id).await.expect("a list"),
        std::slice::from_ref(&second)
    );
    let revoked = store
        .binding(first.id)
        .await
        .expect("an answer")
        .expect("it is kept");
    assert_eq!(revoked.state, BindingState::Revoked);
    assert_eq!(store.binding(id()).await.expect("an answer"), None);
    not_found(
        store
            .commit(vec![state(
                id(),
                BindingState::Pending,
                BindingState::Active,
            )])
            .await,
    );
    sample
        .commit([
            state(second.id, BindingState::Pending, BindingState::Active),
            replace,
        ])
        .await;
    let replaced = store.replaced_bindings().await.expect("a list");
    assert_eq!(
        replaced,
        [crate::Binding {
            state: BindingState::Revoking,
            grace_ends_at: Some(Timestamp(7_000)),
            ..second.clone()
        }]
    );
    sample
        .commit([state(
            second.id,
            BindingState::Revoking,
            BindingState::Revoked,
        )])
        .await;
    assert_eq!(store.replaced_bindings().await.expect("a list"), []);
    let of_nobody = sample::binding(id(), 1, revoked.password);
    not_found(store.commit(vec![Change::InsertBinding(of_nobody)]).await);
    let keyless = sample::binding(instance.id, 3, id());
    not_found(store.commit(vec![Change::InsertBinding(keyless)]).await);
}
