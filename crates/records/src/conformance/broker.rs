//! Registered brokers and their plans.

use std::sync::Arc;

use serde_json::json;
use windlass_model::id::RegionId;
use windlass_model::instance::InstanceState;

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found};
use crate::{Broker, BrokerPlan, Change, ClusterKind, NewSecret, Store};

fn broker(name: &str, region: RegionId) -> (Broker, NewSecret) {
    let password = sample::secret("token");
    let broker = Broker {
        id: id(),
        name: name.parse().expect("a good name"),
        region,
        url: "https://broker.example/osb".to_owned(),
        user: "windlass".to_owned(),
        password: password.id,
        profile: "cloudfoundry".to_owned(),
        ca_pem: Some("PEM".to_owned()),
        created_at: NOW,
        refreshed_at: NOW,
    };
    (broker, password)
}

/// Names, plans and offerings belong to one broker each; its password stays while it is needed.
pub async fn brokers_and_plans(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let region = sample.region.id;
    let ((one, password), (two, token)) = (broker("one", region), broker("two", region));
    let plan = BrokerPlan {
        broker: one.id,
        plan: "p-1".to_owned(),
        offering: "s-1".to_owned(),
        service: sample.database.id,
        obstacle: None,
    };
    not_found(
        store
            .commit(vec![Change::PutBrokerPlan(plan.clone())])
            .await,
    );
    not_found(store.commit(vec![Change::PutBroker(two.clone())]).await);
    sample
        .commit([
            Change::InsertSecret(password.clone()),
            Change::PutBroker(one.clone()),
            Change::InsertSecret(token.clone()),
            Change::PutBroker(two.clone()),
            Change::PutBrokerPlan(plan.clone()),
        ])
        .await;
    assert_eq!(
        store.brokers().await.expect("a list"),
        [one.clone(), two.clone()]
    );
    assert_eq!(
        store.broker(two.id).await.expect("an answer"),
        Some(two.clone())
    );
    assert_eq!(store.broker(id()).await.expect("an answer"), None);
    let same_name = Broker {
        id: id(),
        ..two.clone()
    };
    let text = conflict(store.commit(vec![Change::PutBroker(same_name)]).await);
    assert!(text.contains("two"), "{text}");
    for (its_plan, offering) in [("p-1", "s-2"), ("p-2", "s-1")] {
        let second = BrokerPlan {
            broker: two.id,
            plan: its_plan.to_owned(),
            offering: offering.to_owned(),
            service: sample.storage.id,
            obstacle: None,
        };
        let text = conflict(store.commit(vec![Change::PutBrokerPlan(second)]).await);
        assert!(text.contains("one"), "{text}");
    }
    let retired = BrokerPlan {
        obstacle: Some("gone".to_owned()),
        ..plan
    };
    sample
        .commit([Change::PutBrokerPlan(retired.clone())])
        .await;
    assert_eq!(store.broker_plans().await.expect("a list"), [retired]);

    let other = sample::secret("another token");
    conflict(store.commit(vec![Change::DeleteSecret(one.password)]).await);
    let changed = Broker {
        password: other.id,
        ..one.clone()
    };
    sample
        .commit([Change::InsertSecret(other), Change::PutBroker(changed)])
        .await;
    not_found(store.reveal(&[one.password]).await);
}

/// A broker stays while there are instances of it, and its password while a cluster has it too.
pub async fn brokers_go_last(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (one, password) = broker("one", sample.region.id);
    let plan = BrokerPlan {
        broker: one.id,
        plan: "p-1".to_owned(),
        offering: "s-1".to_owned(),
        service: sample.database.id,
        obstacle: None,
    };
    let (mut cluster, _) = sample.cluster(ClusterKind::External, None, None);
    cluster.password = password.id;
    sample
        .commit([
            Change::InsertSecret(password),
            Change::PutBroker(one.clone()),
            Change::PutBrokerPlan(plan),
            Change::InsertCluster(cluster.clone()),
            Change::SetClusterSettings {
                id: cluster.id,
                settings: Some(json!({"plan_id": "p-1"})),
            },
        ])
        .await;
    let recorded = store.cluster(cluster.id).await.expect("an answer");
    let settings = recorded.expect("it is there").settings;
    assert_eq!(settings, Some(json!({"plan_id": "p-1"})));
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let text = conflict(store.commit(vec![Change::DeleteBroker(one.id)]).await);
    assert!(text.contains("shop") && text.contains("DEFAULT"), "{text}");
    for (from, to) in [
        (InstanceState::New, InstanceState::Removing),
        (InstanceState::Removing, InstanceState::Removed),
    ] {
        let id = instance.id;
        sample
            .commit([Change::SetInstanceState {
                id,
                from,
                to,
                at: NOW,
            }])
            .await;
    }
    sample
        .commit([
            Change::DeleteBrokerPlan {
                broker: one.id,
                plan: "no such plan".to_owned(),
            },
            Change::DeleteBroker(one.id),
        ])
        .await;
    assert_eq!(store.brokers().await.expect("a list"), []);
    assert_eq!(store.broker_plans().await.expect("a list"), []);
    not_found(store.commit(vec![Change::DeleteBroker(one.id)]).await);
    store
        .reveal(&[one.password])
        .await
        .expect("the cluster has it still");
}
