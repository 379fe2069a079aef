//! What a region offers, and what is said of the rest.

use secrecy::SecretString;
use windlass_model::id::{RegionId, ServiceId};
use windlass_model::time::Timestamp;
use windlass_platform::ExternalCluster;
use windlass_records::{Change, Region, Service, Store};
use windlass_services::simulated::SimulatedDriver;

use super::support::World;
use super::support::looks::refusal;
use super::support::verbs::SHARED;
use super::support::world::Run;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_type_alone_means_its_first_plan_that_is_offered() {
    let all = World::new(Run::Nothing).await;
    let app = all.create("shop").await;
    let id = all.add(app.test, "postgres", "DEFAULT").await;
    let view = all.platform.instance(&all.context, id).await;
    assert_eq!(view.expect("it is there").service.identifier, SHARED);

    let private = World::with(Run::Nothing, |settings| {
        settings.regions[0].offered = Some(vec!["postgres-17-private".to_owned()]);
    });
    let private = private.await;
    let app = private.create("shop").await;
    let id = private.add(app.test, "postgres", "DEFAULT").await;
    let view = private.platform.instance(&private.context, id).await;
    assert_eq!(
        view.expect("it is there").service.identifier,
        "postgres-17-private"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_region_does_not_offer_is_refused_with_what_it_offers() {
    let world = World::with(Run::Nothing, |settings| {
        settings.regions[0].offered = Some(vec!["postgres-17-private".to_owned()]);
    });
    let world = world.await;
    let app = world.create("shop").await;
    let (code, message) = refusal(world.try_add(app.test, SHARED, "DEFAULT").await);
    assert_eq!(code, "invalid");
    assert!(
        message.contains(
            "region 'local' has no service 'postgres-15-shared'; it offers postgres-17-private"
        ),
        "{message}"
    );

    let services = world.store.services(None).await.expect("services");
    let shared = services.iter().find(|service| service.identifier == SHARED);
    let region = Region {
        id: RegionId::from(Uuid::now_v7()),
        slug: "mars".parse().expect("a slug"),
        name: "Mars".to_owned(),
        engine: "simulated".to_owned(),
        domain: "mars.localhost".to_owned(),
        created_at: Timestamp(1),
    };
    let there = Service {
        id: ServiceId::from(Uuid::now_v7()),
        region: region.id,
        offered: true,
        ..shared.expect("it is known").clone()
    };
    let changes = vec![Change::PutRegion(region), Change::PutService(there)];
    world.store.commit(changes).await.expect("another region");
    let (_, message) = refusal(world.try_add(app.test, SHARED, "DEFAULT").await);
    assert!(
        message.contains("has no service 'postgres-15-shared'") && !message.contains("mars"),
        "nobody can go to a region that this server does not run: {message}"
    );
}

/// An account for what Windlass runs no server of.
fn account(url: Option<&str>) -> ExternalCluster {
    ExternalCluster {
        serves: "postgres-15".to_owned(),
        host: "shop.example.org".to_owned(),
        port: None,
        administration_port: None,
        administrator: "shop".to_owned(),
        password: SecretString::from("key"),
        database: None,
        url: url.map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_an_account_is_refused_without_one() {
    let driver = SimulatedDriver::new("postgres").in_accounts();
    let world = World::open(Run::Nothing, driver.clone(), |_| {}).await;
    let world = world.expect("it is not asked for");
    let app = world.create("shop").await;
    let (_, message) = refusal(world.try_add(app.test, SHARED, "DEFAULT").await);
    assert!(message.contains("has no service"), "{message}");

    let asked = World::open(Run::Nothing, driver.clone(), |settings| {
        settings.regions[0].offered = Some(vec!["postgres".to_owned()]);
    });
    let error = asked.await.err().expect("it cannot be offered").to_string();
    assert!(error.contains("--shared-cluster postgres-"), "{error}");

    let without_url = World::open(Run::Nothing, driver, |settings| {
        settings.regions[0].external_clusters.push(account(None));
    });
    let error = without_url.await.err().expect("it is no account");
    assert!(error.to_string().contains("https://"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_named_has_instances_and_its_url() {
    let driver = SimulatedDriver::new("postgres").in_accounts();
    let world = World::open(Run::Operations, driver, |settings| {
        let named = account(Some("https://shop.example.org"));
        settings.regions[0].external_clusters.push(named);
    });
    let world = world.await.expect("the platform opens");
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    world.provision(id).await;
    let clusters = world.store.clusters().await.expect("clusters");
    assert_eq!(clusters.len(), 1, "{clusters:?}");
    let cluster = &clusters[0];
    assert_eq!(cluster.port, Some(443));
    assert_eq!(
        cluster.settings,
        Some(serde_json::json!({ "url": "https://shop.example.org" }))
    );
    let view = world.platform.instance(&world.context, id).await;
    assert_eq!(view.expect("it is there").service.identifier, SHARED);
    // Other versions have no account.
    let (_, message) = refusal(
        world
            .try_add(app.test, "postgres-17-shared", "SECOND")
            .await,
    );
    assert!(message.contains("has no service"), "{message}");
}
