//! Regions, services, clusters and subnets.

use std::sync::Arc;

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found};
use crate::{Change, ClusterKind, ClusterState, Region, Service, Store};

/// A second `Put` of an id gives new values; names stay unique.
pub async fn regions_and_services(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let renamed = Region {
        name: "Here".into(),
        ..sample.region.clone()
    };
    let second = Region {
        id: id(),
        slug: "other".parse().expect("good"),
        created_at: NOW.plus_millis(1),
        ..renamed.clone()
    };
    let withdrawn = Service {
        offered: false,
        connection_limit: 5,
        ..sample.database.clone()
    };
    let elsewhere = sample::service(&second, "a-service", "CACHE");
    sample
        .commit([
            Change::PutRegion(renamed.clone()),
            Change::PutRegion(second.clone()),
            Change::PutService(withdrawn.clone()),
            Change::PutService(elsewhere.clone()),
        ])
        .await;
    assert_eq!(
        store.regions().await.expect("a list"),
        [renamed.clone(), second.clone()]
    );
    assert_eq!(
        store.region(renamed.id).await.expect("an answer"),
        Some(renamed.clone())
    );
    assert_eq!(store.region(id()).await.expect("an answer"), None);
    assert_eq!(
        store.services(Some(renamed.id)).await.expect("a list"),
        [sample.storage.clone(), withdrawn.clone()]
    );
    assert_eq!(
        store.services(None).await.expect("a list"),
        [elsewhere, sample.storage.clone(), withdrawn.clone()]
    );
    assert_eq!(
        store.service(withdrawn.id).await.expect("an answer"),
        Some(withdrawn.clone())
    );
    assert_eq!(store.service(id()).await.expect("an answer"), None);

    let text = conflict(
        store
            .commit(vec![Change::PutRegion(Region {
                id: id(),
                ..second.clone()
            })])
            .await,
    );
    assert!(text.contains("other"), "{text}");
    let text = conflict(
        store
            .commit(vec![Change::PutService(Service {
                id: id(),
                ..withdrawn.clone()
            })])
            .await,
    );
    assert!(text.contains("postgres-15"), "{text}");
    not_found(
        store
            .commit(vec![Change::PutService(Service {
                region: id(),
                ..withdrawn
            })])
            .await,
    );
}

/// A service has one shared or external cluster at a time.
pub async fn one_common_cluster_per_service(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (shared, password) = sample.cluster(ClusterKind::Shared, None, Some(2));
    let (external, other) = sample.cluster(ClusterKind::External, None, None);
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertCluster(shared.clone()),
        ])
        .await;
    let second = [
        Change::InsertSecret(other),
        Change::InsertCluster(external.clone()),
    ];
    conflict(store.commit(second.to_vec()).await);
    assert_eq!(
        store.clusters().await.expect("a list"),
        std::slice::from_ref(&shared)
    );
    let gone = Change::SetClusterState {
        id: shared.id,
        from: ClusterState::New,
        to: ClusterState::Removed,
    };
    sample.commit([gone]).await;
    sample.commit(second).await;
    assert_eq!(store.clusters().await.expect("a list"), [external]);
    let kept = store
        .cluster(shared.id)
        .await
        .expect("an answer")
        .expect("it is kept as a record");
    assert_eq!(kept.state, ClusterState::Removed);
    let back = Change::SetClusterState {
        id: shared.id,
        from: ClusterState::Removed,
        to: ClusterState::New,
    };
    conflict(store.commit(vec![back]).await);
    assert_eq!(store.cluster(id()).await.expect("an answer"), None);
}

/// An instance has one private cluster at a time.
pub async fn one_private_cluster_per_instance(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let other = sample
        .stored_instance(&sample.test, &sample.database, "OTHER")
        .await;
    for (instance, subnet) in [(instance.id, 2), (other.id, 3)] {
        let (cluster, password) =
            sample.cluster(ClusterKind::Private, Some(instance), Some(subnet));
        sample
            .commit([
                Change::InsertSecret(password),
                Change::InsertCluster(cluster),
            ])
            .await;
    }
    let (second, password) = sample.cluster(ClusterKind::Private, Some(instance.id), Some(4));
    conflict(
        sample
            .store
            .commit(vec![
                Change::InsertSecret(password),
                Change::InsertCluster(second),
            ])
            .await,
    );
    let (of_nobody, password) = sample.cluster(ClusterKind::Private, Some(id()), None);
    not_found(
        sample
            .store
            .commit(vec![
                Change::InsertSecret(password),
                Change::InsertCluster(of_nobody),
            ])
            .await,
    );
    let (without, _) = sample.cluster(ClusterKind::Shared, None, None);
    let text = not_found(
        sample
            .store
            .commit(vec![Change::InsertCluster(without.clone())])
            .await,
    );
    assert_eq!(text, format!("secret {}", without.password));
}

/// States are guarded, and an external cluster's place can change.
pub async fn clusters_change_in_order(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let (mut cluster, password) = sample.cluster(ClusterKind::External, None, None);
    let state = |from, to| Change::SetClusterState {
        id: cluster.id,
        from,
        to,
    };
    let (ready, again) = (
        state(ClusterState::New, ClusterState::Ready),
        state(ClusterState::New, ClusterState::Removed),
    );
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertCluster(cluster.clone()),
            ready,
        ])
        .await;
    let text = conflict(sample.store.commit(vec![again]).await);
    assert!(text.contains("ready"), "{text}");
    let new = sample::secret("new");
    let old = std::mem::replace(&mut cluster.password, new.id);
    // Nobody has looked at it yet.
    cluster.state = ClusterState::New;
    cluster.host = Some("db.example.org".into());
    cluster.port = Some(5433);
    cluster.administration_port = Some(15_433);
    cluster.settings = Some(serde_json::json!({ "url": "https://db.example.org" }));
    cluster.administrator = "root".into();
    cluster.database = Some("postgres".into());
    let access = |id| Change::SetClusterAccess {
        id,
        host: "db.example.org".into(),
        port: 5433,
        administrator: "root".into(),
        password: new.id,
        database: Some("postgres".into()),
        administration_port: Some(15_433),
        settings: Some(serde_json::json!({ "url": "https://db.example.org" })),
    };
    sample
        .commit([Change::InsertSecret(new.clone()), access(cluster.id)])
        .await;
    assert_eq!(
        sample.store.cluster(cluster.id).await.expect("an answer"),
        Some(cluster)
    );
    // What was the password is kept no longer.
    not_found(sample.store.reveal(&[old]).await);
    not_found(sample.store.commit(vec![access(id())]).await);
    let unknown = Change::SetClusterState {
        id: id(),
        from: ClusterState::New,
        to: ClusterState::Ready,
    };
    not_found(sample.store.commit(vec![unknown]).await);
}

/// Environments and clusters of a region share one space of numbers; removal gives a number back.
pub async fn subnets_are_unique_in_the_region(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let free = |count| store.free_subnets(sample.region.id, count);
    assert_eq!(free(3).await.expect("numbers"), [2, 3, 4]);
    assert_eq!(free(0).await.expect("no numbers"), [0_u32; 0]);
    let (taken, password) = sample.cluster(ClusterKind::Shared, None, Some(1));
    conflict(
        store
            .commit(vec![
                Change::InsertSecret(password),
                Change::InsertCluster(taken),
            ])
            .await,
    );
    let (cluster, password) = sample.cluster(ClusterKind::Shared, None, Some(3));
    sample
        .commit([
            Change::InsertSecret(password),
            Change::InsertCluster(cluster.clone()),
        ])
        .await;
    assert_eq!(free(3).await.expect("numbers"), [2, 4, 5]);
    let (environment, key) = sample::environment(&sample.shop, "stage", 2, 3);
    conflict(
        store
            .commit(vec![
                Change::InsertSecret(key),
                Change::InsertEnvironment(environment),
            ])
            .await,
    );
    let gone = Change::SetClusterState {
        id: cluster.id,
        from: ClusterState::New,
        to: ClusterState::Removed,
    };
    sample.commit([gone]).await;
    assert_eq!(free(2).await.expect("numbers"), [2, 3]);
    assert_eq!(
        store.free_subnets(id(), 1).await.expect("numbers"),
        [0],
        "another region has numbers of its own"
    );
}
