//! What everybody may read: when it is so, under which names, and what is refused.

use std::collections::BTreeMap;

use windlass_model::id::{InstanceId, short};
use windlass_model::instance::InstanceState as S;
use windlass_operations::OperationState;
use windlass_platform::{Error, NewInstance, VariableChange};
use windlass_records::{ClusterKind, Instance, Store};
use windlass_services::simulated::{Call, Fault, Refusal, SimulatedDriver};

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::refusal;
use super::support::verbs::{App, SHARED, request};
use super::support::world::Run;

const VARIABLE: &str = "DEFAULT_DATABASE_MEDIA_HOST";

async fn with_media() -> World {
    let driver = SimulatedDriver::new("postgres").with_media();
    let world = World::open(Run::Operations, driver, |_| {}).await;
    world.expect("the platform opens")
}

/// A public instance that runs.
async fn published(world: &World, slug: &str) -> (App, InstanceId) {
    let app = world.create(slug).await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    world.deploy_well(app.test, ONE).await;
    world.set_public(id, true).await;
    (app, id)
}

async fn set_domain(
    world: &World,
    id: InstanceId,
    host: Option<&str>,
    is_cdn: bool,
) -> Result<Instance, Error> {
    let set = world
        .platform
        .set_instance_media_domain(&world.context, id, host, is_cdn);
    set.await.map(|view| view.instance)
}

fn is_public(world: &World, id: InstanceId) -> bool {
    world.databases()[&short(id)].is_public
}

fn own_host(id: InstanceId) -> String {
    format!("svc-{}.media.local.localhost", short(id))
}

async fn changes(world: &World, app: App) -> BTreeMap<String, VariableChange> {
    let plan = world
        .platform
        .plan(&world.context, request(app.test, ONE))
        .await;
    let changed = plan.expect("it can be planned").variables.into_iter();
    changed
        .map(|variable| (variable.name.into(), variable.change))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_public_at_once_and_the_application_is_told_by_a_deployment() {
    use VariableChange::{Added, Changed, Removed};

    let world = with_media().await;
    let (app, id) = published(&world, "shop").await;
    assert!(is_public(&world, id) && world.instance(id).await.public);
    assert_eq!(world.media_hosts(id), [own_host(id)]);
    let view = world.platform.instance(&world.context, id).await;
    let view = view.expect("it is there");
    assert_eq!(view.media_host, Some(own_host(id)));
    assert!(!world.variables(app.test).await.contains_key(VARIABLE));
    let wanted = |change| BTreeMap::from([(VARIABLE.to_owned(), change)]);
    assert_eq!(changes(&world, app).await, wanted(Added));
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.variables(app.test).await[VARIABLE], own_host(id));
    assert!(changes(&world, app).await.is_empty());

    // The name of the user's leads to the same place, in lower case.
    let set = set_domain(&world, id, Some("Media.Example.COM"), false).await;
    let domain = set.expect("it is free").media_domain.expect("it is set");
    assert_eq!(domain.host.as_str(), "media.example.com");
    assert_eq!(
        world.media_hosts(id),
        ["media.example.com".to_owned(), own_host(id)]
    );
    assert_eq!(changes(&world, app).await, wanted(Changed));
    world.deploy_well(app.test, TWO).await;
    let told = world.variables(app.test).await[VARIABLE].clone();
    assert_eq!(told, "media.example.com");

    // That of others' network is told only.
    let set = set_domain(&world, id, Some("shop.cdn.example.net"), true).await;
    set.expect("it can be named");
    assert_eq!(world.media_hosts(id), [own_host(id)]);
    world.deploy_well(app.test, ONE).await;
    let told = world.variables(app.test).await[VARIABLE].clone();
    assert_eq!(told, "shop.cdn.example.net");
    let set = set_domain(&world, id, None, false).await;
    assert_eq!(set.expect("it can be taken away").media_domain, None);
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.variables(app.test).await[VARIABLE], own_host(id));

    // Private at once; the release goes on saying what it said until the next one.
    set_domain(&world, id, Some("media.example.com"), false)
        .await
        .expect("it is free again");
    world.set_public(id, false).await;
    assert!(!is_public(&world, id));
    assert!(world.media_hosts(id).is_empty());
    assert_eq!(changes(&world, app).await, wanted(Removed));
    world.deploy_well(app.test, ONE).await;
    assert!(!world.variables(app.test).await.contains_key(VARIABLE));

    // A release brings back what it said, and not who may read.
    world.roll_back(app.test, 3).await.expect("it is begun");
    let told = world.variables(app.test).await[VARIABLE].clone();
    assert_eq!(told, "media.example.com");
    assert!(!is_public(&world, id) && world.media_hosts(id).is_empty());

    // The domain waits for it to be public again.
    world.set_public(id, true).await;
    assert_eq!(world.media_hosts(id).len(), 2);
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_made_yet_is_made_as_was_asked() {
    let world = with_media().await;
    let app = world.create("shop").await;
    let new = NewInstance {
        environment: app.test,
        service: SHARED.to_owned(),
        prefix: None,
        region: None,
        url_scheme: None,
        profile: None,
        url: None,
        public: true,
    };
    let added = world.platform.add_instance(&world.context, new).await;
    let public = added.expect("its type can be").instance.id;
    let private = world.add(app.test, SHARED, "PRIVATE").await;
    for (wish, prefix) in [(false, "LATER"), (true, "SOONER")] {
        let id = world.add(app.test, SHARED, prefix).await;
        for public in [!wish, wish] {
            let set = world
                .platform
                .set_instance_public(&world.context, id, public);
            let view = set.await.expect("it is recorded");
            assert_eq!((view.operation, view.instance.public), (None, public));
        }
        world.provision(id).await;
        assert_eq!(is_public(&world, id), wish);
    }
    // One that fails on the way is made anew, as it was asked for by then.
    world
        .driver
        .fault(Call::SetPublic, Fault::Before(Refusal::Full));
    let ended = world.provision(public).await;
    assert_eq!(ended.state, OperationState::RolledBack);
    assert!(!world.databases().contains_key(&short(public)));
    world.deploy_well(app.test, ONE).await;
    assert!(is_public(&world, public) && !is_public(&world, private));
    assert!(world.media_hosts(private).is_empty());
    assert_eq!(world.media_hosts(public), [own_host(public)]);
    assert_eq!(world.variables(app.test).await[VARIABLE], own_host(public));
    assert!(
        !world
            .variables(app.test)
            .await
            .contains_key("PRIVATE_DATABASE_MEDIA_HOST")
    );
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_keeps_it_private_or_makes_it_so_when_it_is_back() {
    let world = with_media().await;
    let (_, id) = published(&world, "shop").await;
    let private = world.create("other").await;
    let other = world.add(private.test, SHARED, "DEFAULT").await;
    world.provision(other).await;
    let clusters = world.store.clusters().await.expect("it answers");
    let shared = clusters
        .iter()
        .find(|cluster| cluster.kind == ClusterKind::Shared);
    let shared = shared.expect("it is shared").id;
    world.driver.set_down(shared, true);

    let ended = world.set_public_any(other, true).await;
    assert_eq!(ended.state, OperationState::RolledBack);
    let row = world.instance(other).await;
    assert!(!row.public && row.last_error.is_some(), "{row:?}");
    assert!(world.media_hosts(other).is_empty());

    let set = world
        .platform
        .set_instance_public(&world.context, id, false);
    let view = set.await.expect("it is begun");
    assert!(!view.instance.public, "it is private from now on");
    let operation = view.operation.expect("an operation closes it");
    world
        .until("no name leads there", async || {
            world.media_hosts(id).is_empty()
        })
        .await;
    // While the server is away, it is neither opened again nor destroyed.
    let (code, _) = refusal(
        world
            .platform
            .set_instance_public(&world.context, id, true)
            .await,
    );
    assert_eq!(code, "busy");
    world.driver.set_down(shared, false);
    let operation = world.platform.operation(&world.context, operation).await;
    let ended = world.ended(operation.expect("it is there")).await;
    assert_eq!(ended.state, OperationState::Succeeded);
    assert!(!is_public(&world, id));
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_public_is_refused() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    for state in [S::New, S::PendingAttachment] {
        assert_eq!(world.instance(id).await.state, state);
        for public in [true, false] {
            let set = world
                .platform
                .set_instance_public(&world.context, id, public);
            let (code, text) = refusal(set.await);
            assert_eq!(code, "invalid");
            assert!(text.contains("'postgres' is never public"), "{text}");
        }
        let set = set_domain(&world, id, Some("media.example.com"), false).await;
        assert!(refusal(set).1.contains("never public"));
        world.provision_if_new(id).await;
    }
    let new = NewInstance {
        environment: app.test,
        service: SHARED.to_owned(),
        prefix: Some("SECOND".to_owned()),
        region: None,
        url_scheme: None,
        profile: None,
        url: None,
        public: true,
    };
    let added = world.platform.add_instance(&world.context, new).await;
    let text = added.expect_err("its type cannot be").to_string();
    assert!(text.starts_with("public: "), "{text}");
    assert!(
        world
            .driver
            .calls()
            .iter()
            .all(|(call, _)| *call != Call::SetPublic)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn domains_that_are_none_or_others_are_refused() {
    let world = with_media().await;
    let (_, id) = published(&world, "shop").await;
    let (_, other) = published(&world, "other").await;
    let set = set_domain(&world, id, Some("media.example.com"), false).await;
    set.expect("it is free");
    for host in [
        "",
        "media",
        "media.example.com.",
        "media.example.com:80",
        "http://media.example.com",
        "media.example.com/a",
        "*.example.com",
        "media..com",
        "-a.example.com",
        "a_b.example.com",
        "192.0.2.1",
        "[2001:db8::1]",
        "m\u{fc}ller.example.com",
        "a.example.com\r\nx: y",
        &format!("{}.com", "a".repeat(64)),
        &format!("{}com", "a.".repeat(126)),
    ] {
        let set = set_domain(&world, other, Some(host), false).await;
        let text = refusal(set).1;
        assert!(text.starts_with("media_domain: domain"), "{host}: {text}");
    }
    for host in [
        "localhost.localhost",
        "shop-test.localhost",
        "SHOP-live.LocalHost",
        &own_host(id),
        &own_host(other),
    ] {
        for is_cdn in [false, true] {
            let set = set_domain(&world, other, Some(host), is_cdn).await;
            let text = refusal(set).1;
            assert!(text.contains("is under localhost"), "{host}: {text}");
        }
    }
    // Whose it is, is nobody's business.
    for host in ["media.example.com", "MEDIA.EXAMPLE.COM"] {
        let text = refusal(set_domain(&world, other, Some(host), false).await).1;
        assert_eq!(
            text,
            "media_domain: the domain is taken; choose another one"
        );
    }
    assert_eq!(world.media_hosts(other), [own_host(other)]);
    // Again is no conflict with itself, and beside another's is not the same.
    let set = set_domain(&world, id, Some("media.example.com"), false).await;
    set.expect("it is its own");
    let set = set_domain(&world, other, Some("edia.example.com"), false).await;
    set.expect("it is another");

    // It is free when the one that had it is removed.
    world.set_public(other, false).await;
    let text = refusal(set_domain(&world, other, Some("b.example.com"), false).await).1;
    assert!(
        text.contains("windlass service set-public DEFAULT"),
        "{text}"
    );
    world.set_public(other, true).await;
    world.detach(id).await;
    let app = world.instance(id).await.environment;
    world.deploy_well(app, ONE).await;
    assert_eq!(
        world.media_hosts(id).len(),
        2,
        "a detached one is as public"
    );
    world.remove(id).await;
    let set = set_domain(&world, other, Some("media.example.com"), false).await;
    set.expect("it is free");
    assert!(world.media_hosts(id).is_empty());
    assert_eq!(
        world.media_hosts(other),
        ["media.example.com".to_owned(), own_host(other)]
    );
    world.check_tidy().await.expect("nothing is left over");
}
