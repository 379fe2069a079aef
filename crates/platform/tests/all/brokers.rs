//! Brokers: what they offer becomes services, and stays true to their ids.

use serde_json::json;
use windlass_model::id::BrokerId;
use windlass_model::instance::InstanceState;
use windlass_operations::OperationState;
use windlass_platform::{BrokerChange, BrokerView, Error, NewBroker};
use windlass_records::Store;
use windlass_services::Offer;
use windlass_services::simulated::offer;

use super::support::World;
use super::support::images::ONE;
use super::support::looks::refusal;
use super::support::world::Run;

const URL: &str = "https://broker.example";
const PASSWORD: &str = "let me in";

fn plans(plans: &[&str]) -> Vec<Offer> {
    let of = |plan: &&str| offer("mysql", plan, "DATABASE");
    plans.iter().map(of).collect()
}

fn new(name: &str, url: &str) -> NewBroker {
    NewBroker {
        region: None,
        name: name.to_owned(),
        url: url.to_owned(),
        user: Some("windlass".to_owned()),
        password: PASSWORD.to_owned().into(),
        profile: None,
        ca_pem: None,
    }
}

impl World {
    async fn try_register(&self, name: &str, url: &str) -> Result<BrokerView, Error> {
        let platform = &self.platform;
        platform.add_broker(&self.context, new(name, url)).await
    }

    /// A broker with those plans.
    async fn register(&self, offers: &[Offer]) -> BrokerId {
        self.marketplace.offer(URL, PASSWORD, offers);
        let view = self.try_register("acme", URL).await;
        view.expect("it is registered").broker.id
    }

    async fn update(&self, id: BrokerId, change: BrokerChange) -> Result<BrokerView, Error> {
        let platform = &self.platform;
        platform.update_broker(&self.context, id, change).await
    }

    async fn refresh(&self, id: BrokerId) -> BrokerView {
        let view = self.update(id, BrokerChange::default()).await;
        view.expect("it is refreshed")
    }

    /// The services of the broker that can be added.
    async fn offered(&self) -> Vec<String> {
        let services = self.platform.services(&self.context, None).await;
        let services = services.expect("services").into_iter();
        services
            .filter(|service| service.driver == "broker")
            .map(|service| service.identifier)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_of_a_broker_has_the_life_of_any_other() {
    let world = World::new(Run::Operations).await;
    let broker = world.register(&plans(&["small", "large"])).await;
    assert_eq!(
        world.offered().await,
        ["acme-mysql-large", "acme-mysql-small"]
    );
    let app = world.create("shop").await;
    // No plan is meant by the driver's name.
    let (_, message) = refusal(world.try_add(app.test, "broker", "DEFAULT").await);
    assert!(message.contains("acme-mysql-small"), "{message}");
    let id = world.add(app.test, "acme-mysql-small", "DEFAULT").await;
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.state(id).await, InstanceState::Attached);
    let cluster = world.instance(id).await.cluster.expect("it is provisioned");
    let cluster = world.store.cluster(cluster).await.expect("an answer");
    let settings = cluster.expect("it is there").settings;
    assert_eq!(settings, Some(json!({"plan": "small"})));

    let removed = world.platform.remove_broker(&world.context, broker).await;
    let (code, message) = refusal(removed);
    assert_eq!(code, "broker_in_use");
    assert!(message.contains("DEFAULT of shop/test"), "{message}");
    world.detach(id).await;
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.remove(id).await.state, OperationState::Succeeded);
    let removed = world.platform.remove_broker(&world.context, broker).await;
    removed.expect("nothing is left");
    assert_eq!(world.offered().await, [""; 0]);
    assert!(world.store.clusters().await.expect("clusters").is_empty());

    // The same names are the same services again.
    world.register(&plans(&["small"])).await;
    assert_eq!(world.offered().await, ["acme-mysql-small"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_come_and_go_and_their_instances_stay() {
    let world = World::new(Run::Operations).await;
    let broker = world.register(&plans(&["small", "large"])).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, "acme-mysql-small", "DEFAULT").await;
    let service = world.instance(id).await.service;

    world.marketplace.offer(URL, PASSWORD, &plans(&["huge"]));
    let view = world.refresh(broker).await;
    assert_eq!(world.offered().await, ["acme-mysql-huge"]);
    let obstacles: Vec<_> = view
        .plans
        .iter()
        .map(|plan| {
            (
                plan.service.identifier.as_str(),
                plan.plan.obstacle.is_some(),
            )
        })
        .collect();
    assert_eq!(
        obstacles,
        [("acme-mysql-huge", false), ("acme-mysql-small", true)]
    );
    // What there is of it works as before.
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.state(id).await, InstanceState::Attached);

    // The same plan under another name.
    let mut renamed = plans(&["small"]);
    renamed[0].slug = "mysql-tiny".to_owned();
    world.marketplace.offer(URL, PASSWORD, &renamed);
    let view = world.refresh(broker).await;
    assert_eq!(world.offered().await, ["acme-mysql-tiny"]);
    assert_eq!(view.plans[0].service.id, service);
    assert_eq!(view.plans.len(), 1, "nobody used the others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_access_to_a_broker_is_that_of_its_services() {
    let world = World::new(Run::Nothing).await;
    let broker = world.register(&plans(&["small", "large"])).await;
    let app = world.create("shop").await;
    world.add(app.test, "acme-mysql-large", "DEFAULT").await;
    let before = world.store.broker(broker).await.expect("an answer");
    let before = before.expect("it is there");
    let elsewhere = "https://elsewhere.example";
    world
        .marketplace
        .offer(elsewhere, "new", &plans(&["small"]));
    let change = |password: &str| BrokerChange {
        url: Some(elsewhere.to_owned()),
        password: Some(password.to_owned().into()),
        ..BrokerChange::default()
    };
    let (_, message) = refusal(world.update(broker, change("wrong")).await);
    assert!(message.contains("credentials"), "{message}");
    let kept = world.store.broker(broker).await.expect("an answer");
    assert_eq!(kept, Some(before.clone()));

    let view = world.update(broker, change("new")).await.expect("changed");
    assert_ne!(view.broker.password, before.password);
    let clusters = world.store.clusters().await.expect("clusters");
    assert_eq!(clusters.len(), 2, "{clusters:?}");
    for cluster in &clusters {
        assert_eq!(cluster.password, view.broker.password);
    }
    let moved = clusters
        .iter()
        .filter_map(|cluster| cluster.settings.as_ref());
    let moved: Vec<_> = moved
        .filter(|settings| settings["moved_to"] == elsewhere)
        .collect();
    assert_eq!(moved.len(), 1, "the plan that it has no longer");
    let forgotten = world.store.reveal(&[before.password]).await;
    assert!(forgotten.is_err(), "the former password is forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_registered_of_what_is_not_in_order() {
    let world = World::new(Run::Nothing).await;
    let away = world.try_register("acme", URL).await;
    assert!(matches!(away, Err(Error::Unavailable(_))), "{away:?}");
    world
        .marketplace
        .spoil(URL, PASSWORD, &["services is missing"]);
    let (code, message) = refusal(world.try_register("acme", URL).await);
    assert_eq!(code, "invalid_catalogue");
    assert!(message.contains("services is missing"), "{message}");
    for name in ["postgres", "broker", "Acme", "a"] {
        let (code, _) = refusal(world.try_register(name, URL).await);
        assert_eq!(code, "invalid", "{name}");
    }

    world.register(&plans(&["small"])).await;
    let (_, message) = refusal(world.try_register("acme", URL).await);
    assert!(message.contains("registered already"), "{message}");
    // Another broker with ids of the first, all said at once; and one whose services have names that are taken.
    let other = "https://other.example";
    let offers = [
        offer("mysql", "small", "DATABASE"),
        offer("mysql", "large", "DATABASE"),
    ];
    world.marketplace.offer(other, PASSWORD, &offers);
    let (code, message) = refusal(world.try_register("other", other).await);
    assert_eq!(code, "invalid_catalogue");
    for words in ["id-of-mysql-small", "mysql large", "broker 'acme'"] {
        assert!(message.contains(words), "{message}");
    }
    let mut taken = offer("x", "y", "DATABASE");
    taken.slug = "15-shared".to_owned();
    world.marketplace.offer(other, PASSWORD, &[taken]);
    let refused = world.try_register("mariadb-10", other).await;
    refused.expect("a name of its own");
    let brokers = world.platform.brokers(&world.context).await;
    assert_eq!(brokers.expect("a list").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_steps_of_what_takes_long_have_time_for_it() {
    let world = World::new(Run::Nothing).await;
    let id = "0192f0c1-2345-7000-8000-000000000001";
    for (kind, step) in [("provisioning", "provision"), ("removal", "destroy")] {
        let definition = world.platform.definition(kind).expect("it is known");
        let time = |params| {
            let steps = definition.steps(&params);
            let found = steps.iter().find(|spec| spec.name == step);
            found.expect("the step").timeout.as_secs()
        };
        let usual = time(json!({"instance": id}));
        assert!(usual < 1000, "an operation of an earlier version: {usual}");
        let long = time(json!({"instance": id, "patience": {id: 3600}}));
        assert!(long >= usual + 3600, "{kind}: {long}");
    }
}
