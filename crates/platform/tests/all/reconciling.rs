//! What the reconcilers bring back.

use windlass_engine::Engine;
use windlass_engine::simulated::{Behaviour, Program};
use windlass_model::id::{EnvironmentId, short};
use windlass_records::{ClusterKind, Store};

use super::support::World;
use super::support::images::{ONE, PORT};
use super::support::looks::web_container;
use super::support::verbs::{PRIVATE, SHARED};
use super::support::world::Run;

async fn serves(world: &World, environment: EnvironmentId) -> bool {
    let release = world.release(environment).await.expect("something runs");
    let observed = world.engine.inspect(&web_container(&release)).await;
    let address = match observed {
        Ok(Some(observed)) => observed.addresses.first().map(|(_, address)| *address),
        _ => None,
    };
    let table = world.router.table();
    let route = table
        .routes
        .iter()
        .find(|route| route.environment == environment);
    route.is_some_and(|route| {
        address.is_some() && route.upstreams.first().map(std::net::SocketAddr::ip) == address
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_gone_comes_back_and_routes_follow() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    world.deploy_well(app.test, ONE).await;
    let release = world.release(app.test).await.expect("it runs");
    let name = web_container(&release);
    world
        .engine
        .remove(&name)
        .await
        .expect("somebody removes it");
    world
        .until("the site is back", async || serves(&world, app.test).await)
        .await;
    let stage = world.ask(app.test, "STAGE").await;
    assert_eq!(stage.as_deref(), Some("test"));
    assert_eq!(world.engine.starts(&name), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hosts_of_the_api_are_routed_where_sites_are_served_by_tls() {
    let api = "127.0.0.1:8000".parse().expect("an address");
    let world = World::with(Run::Everything, |settings| {
        settings.regions[0].domain = "paas.example".to_owned();
        settings.router_tls_port = Some(443);
        settings.routed_api = Some(api);
    })
    .await;
    world
        .until("the hosts are in the table", async || {
            !world.router.table().own.is_empty()
        })
        .await;
    let app = world.create("shop").await;
    world.deploy_well(app.test, ONE).await;
    let table = world.router.table();
    let own: Vec<_> = table.own.iter().map(|own| own.host.as_str()).collect();
    assert_eq!(own, ["api.paas.example", "control.paas.example"]);
    assert!(table.own.iter().all(|own| own.upstreams == [api]));
    let view = world.platform.environment(&world.context, app.test).await;
    let url = view.expect("the environment is there").site_url;
    assert_eq!(url.as_deref(), Some("https://shop-test.paas.example/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_crashes_is_routed_again() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    world.deploy_well(app.test, ONE).await;
    let name = web_container(&world.release(app.test).await.expect("it runs"));
    world.engine.crash(&name, 1);
    world
        .until("it runs again", async || {
            world.engine.starts(&name) > 1 && serves(&world, app.test).await
        })
        .await;
    assert!(world.ask(app.test, "STAGE").await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reboot_everything_is_back() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    world.add(app.test, SHARED, "A").await;
    world.add(app.test, PRIVATE, "B").await;
    world.deploy_well(app.test, ONE).await;
    world.deploy_well(app.live, ONE).await;
    world.engine.reboot();
    world
        .until("both sites are back", async || {
            serves(&world, app.test).await && serves(&world, app.live).await
        })
        .await;
    world
        .until("all is tidy", async || world.check_tidy().await.is_ok())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_comes_back_into_its_environments() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    world.add(app.test, SHARED, "A").await;
    world.add(app.test, PRIVATE, "B").await;
    world.deploy_well(app.test, ONE).await;
    let network = format!("windlass-env-{}", short(app.test));
    for cluster in world.store.clusters().await.expect("the store answers") {
        let name = format!("windlass-cluster-{}", short(cluster.id));
        world
            .engine
            .remove(&name)
            .await
            .expect("somebody removes it");
        world
            .until("the server is back, where the site finds it", async || {
                let observed = world.engine.inspect(&name).await.expect("it answers");
                observed.is_some_and(|it| it.address(&network).is_some())
            })
            .await;
        if cluster.kind == ClusterKind::Private {
            assert!(cluster.instance.is_some());
        }
    }
    world.check_tidy().await.expect("it is as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_was_away_is_taken_up_again() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    world.deploy_well(app.test, ONE).await;
    let name = web_container(&world.release(app.test).await.expect("it runs"));
    world.engine.unplug();
    world.engine.plug();
    world
        .engine
        .remove(&name)
        .await
        .expect("somebody removes it");
    world
        .until("the site is back", async || serves(&world, app.test).await)
        .await;
}

/// A release of a process that never comes up again is not made anew over and over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_crashes_for_good_is_left_to_the_engine() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    let once = Behaviour::scripted(|invocation| match invocation.start {
        1 => Program::Serving { status: 200 },
        _ => Program::Crashing { code: 1 },
    });
    world.engine.add_image("site:once", &[PORT], once);
    world.deploy_well(app.test, "site:once").await;
    let release = world.release(app.test).await.expect("it runs");
    world.engine.crash(&web_container(&release), 1);
    world
        .until("it has crashed again", async || {
            world.engine.starts(&web_container(&release)) > 2
        })
        .await;
    world.platform.reconcile_once().await;
    let containers = world.engine.snapshot().containers;
    assert_eq!(containers.len(), 1, "{containers:?}");
    assert_eq!(
        world.release(app.test).await.map(|it| it.id),
        Some(release.id)
    );
}
