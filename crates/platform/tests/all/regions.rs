//! Several regions on one server: each with an engine, subnets, services and an outage of its own.

use std::net::SocketAddr;

use windlass_model::id::EnvironmentId;
use windlass_platform::{RegionSettings, Settings};
use windlass_records::Store;

use super::support::World;
use super::support::images::ONE;
use super::support::looks::{refusal, web_container};
use super::support::verbs::{PRIVATE, SHARED};
use super::support::world::Run;

/// A second region, with subnets of its own.
fn with_mars(settings: &mut Settings) {
    settings.regions[0].subnet_pool = "10.208.0.0/13".parse().expect("a pool");
    settings.regions.push(RegionSettings {
        name: "mars".to_owned(),
        domain: "mars.example.org".to_owned(),
        subnet_pool: "10.216.0.0/13".parse().expect("a pool"),
        ..RegionSettings::default()
    });
}

fn upstreams(world: &World, environment: EnvironmentId) -> Vec<SocketAddr> {
    let table = world.router.table();
    let mut routes = table.routes.into_iter();
    let route = routes.find(|route| route.environment == environment);
    route.map(|route| route.upstreams).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_runs_where_it_was_created() {
    let world = World::with(Run::Everything, with_mars).await;
    let here = world.create("here").await;
    let there = world.try_create("there", Some("mars")).await;
    let there = there.expect("the region is known");
    for app in [here, there] {
        world.add(app.test, SHARED, "DEFAULT").await;
        world.add(app.test, PRIVATE, "OWN").await;
        world.deploy_well(app.test, ONE).await;
    }
    let (local, mars) = (world.engine_of("local"), world.engine_of("mars"));
    for (app, own, other, pool) in [
        (here, local, mars, "10.208."),
        (there, mars, local, "10.216."),
    ] {
        let name = web_container(&world.release(app.test).await.expect("it runs"));
        assert_eq!(own.starts(&name), 1);
        assert_eq!(other.starts(&name), 0);
        let subnets = own.subnets();
        assert!(!subnets.is_empty());
        let is_own = |subnet: &String| subnet.starts_with(pool);
        assert!(subnets.iter().all(is_own), "{subnets:?}");
        // The process, the shared cluster's server and the private one's.
        let names = own.snapshot();
        assert_eq!(names.container_names().len(), 3, "{names:?}");
    }
    let table = world.router.table();
    let hosts: Vec<&str> = table
        .routes
        .iter()
        .map(|route| route.host.as_str())
        .collect();
    for host in ["here-test.localhost", "there-test.mars.example.org"] {
        assert!(hosts.contains(&host), "{hosts:?}");
    }
    let clusters = world.store.clusters().await.expect("clusters");
    assert_eq!(clusters.len(), 4, "one of each kind in each region");

    let (code, message) = refusal(world.try_create("nowhere", Some("venus")).await);
    assert_eq!(code, "invalid");
    assert!(
        message.contains("there is no region 'venus'; there is local, mars"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_is_away_keeps_its_routes_and_keeps_nobody_from_anything() {
    let mut world = World::with(Run::Everything, with_mars).await;
    let here = world.create("here").await;
    let there = world.try_create("there", Some("mars")).await;
    let there = there.expect("the region is known");
    for app in [here, there] {
        world.add(app.test, SHARED, "DEFAULT").await;
        world.deploy_well(app.test, ONE).await;
    }
    let before = upstreams(&world, there.test);
    assert!(!before.is_empty());

    world.engine_of("mars").unplug();
    world.deploy_well(here.test, ONE).await;
    assert_eq!(upstreams(&world, there.test), before);
    let broken = world.deploy(there.test, ONE).await;
    assert!(broken.deployment.error.is_some(), "{broken:?}");

    // A server that starts while the region is away knows of its routes from the table alone.
    world.reopen(Run::Everything, |_| {}).await;
    world.deploy_well(here.test, ONE).await;
    assert_eq!(upstreams(&world, there.test), before);

    world.engine_of("mars").plug();
    let fresh = world.deploy(there.test, ONE).await;
    assert!(fresh.deployment.error.is_none(), "{fresh:?}");
    world
        .until("the new release is routed", async || {
            let now = upstreams(&world, there.test);
            !now.is_empty() && now != before
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_is_not_run_any_more_stays_as_it_is() {
    let mut world = World::with(Run::Everything, with_mars).await;
    let there = world.try_create("there", Some("mars")).await;
    let there = there.expect("the region is known");
    world.add(there.test, SHARED, "DEFAULT").await;
    world.deploy_well(there.test, ONE).await;
    let before = upstreams(&world, there.test);

    world
        .reopen(Run::Everything, |settings| settings.regions.truncate(1))
        .await;
    let here = world.create("here").await;
    world.deploy_well(here.test, ONE).await;
    assert_eq!(upstreams(&world, there.test), before, "its site is served");
    let (_, message) = refusal(world.try_create("other", Some("mars")).await);
    assert!(
        message.contains("there is no region 'mars'; there is local"),
        "{message}"
    );
    let (_, message) = refusal(world.try_add(there.test, SHARED, "SECOND").await);
    assert!(
        message.contains("region 'mars' is not run by this server"),
        "{message}"
    );
    let refused = world.deploy(there.test, ONE).await;
    let error = refused.deployment.error.expect("nothing can be done there");
    assert!(error.contains("is not run by this server"), "{error:?}");

    world.reopen(Run::Everything, with_mars_again).await;
    let again = world.deploy(there.test, ONE).await;
    assert!(again.deployment.error.is_none(), "{again:?}");
}

fn with_mars_again(settings: &mut Settings) {
    with_mars(settings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_region_offers_its_own() {
    let world = World::with(Run::Nothing, |settings| {
        with_mars(settings);
        settings.regions[1].offered = Some(vec![PRIVATE.to_owned()]);
    });
    let world = world.await;
    let there = world.try_create("there", Some("mars")).await;
    let there = there.expect("the region is known");
    let (_, message) = refusal(world.try_add(there.test, SHARED, "DEFAULT").await);
    assert!(
        message.contains("region 'mars' does not offer 'postgres-15-shared', which is offered in local; it offers postgres-15-private"),
        "{message}"
    );
    world.add(there.test, PRIVATE, "DEFAULT").await;
}
