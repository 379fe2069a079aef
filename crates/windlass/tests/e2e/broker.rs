//! Services of a broker, on a framework that others wrote: the whole way, through a crash, and with one that
//! fails, hangs and forgets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::broker::{Broker, PASSWORD};
use crate::support::installation::Installation;
use crate::support::{leftovers, wait};

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("broker/app.py");
const DSN: &str = "DEFAULT_DATABASE_DSN";
/// Polls begin after two seconds, and a busy machine is slow.
const SOON: Duration = Duration::from_mins(1);

fn app<'a>(on: &'a Installation, slug: &str) -> App<'a> {
    let app = App::empty(on, slug, &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    app
}

fn services(on: &Installation) -> Vec<String> {
    let all = on.user.json(&["service", "catalogue"]);
    let all = all.as_array().expect("a list");
    all.iter()
        .filter_map(|item| item["identifier"].as_str())
        .filter(|name| name.starts_with("acme-"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_service_of_a_broker_goes_the_whole_way() {
    let broker = Broker::start();
    let mut on = Installation::start();
    broker.misbehave(&[("all", "fail")]);
    let said = broker
        .add(&on, "acme", PASSWORD)
        .refused(1, &["broker 'acme'", "fetching the catalogue"]);
    assert!(!said.contains("hunter2") && !said.contains(PASSWORD));
    broker.misbehave(&[]);
    let said = broker
        .add(&on, "acme", "hunter2")
        .refused(1, &["does not accept our credentials", "--password-stdin"]);
    assert!(!said.contains("hunter2"), "{said}");
    broker
        .add(&on, "postgres", PASSWORD)
        .refused(1, &["is a type of service"]);
    assert_eq!(on.user.json(&["broker", "list"]), json!([]));

    broker.add(&on, "acme", PASSWORD).good();
    assert_eq!(
        services(&on),
        ["acme-postgres-large", "acme-postgres-small"]
    );
    let listed = on.user.windlass(&["broker", "list"]).good();
    assert!(listed.contains("syslog_drain"), "{listed}");
    broker
        .add(&on, "other", PASSWORD)
        .refused(1, &["one of broker 'acme' already", "p-large", "p-drain"]);
    // What a broker offers is not withdrawn by a start that reads the catalogue.
    on.kill_server();
    on.start_server();
    assert_eq!(services(&on).len(), 2);

    let app = app(&on, "shop");
    app.windlass(&["service", "add", "acme-postgres-small"])
        .good();
    app.deploy("test");
    let (instances, bindings) = broker.has();
    let [(instance, made)] = &instances[..] else {
        panic!("one instance: {instances:?}");
    };
    let shown = app.json(&["service", "show", "DEFAULT"]);
    assert_eq!(shown["uuid"], instance.as_str());
    let environment = app.environment_id("test");
    assert_eq!(made["space"], environment.as_str());
    assert_eq!(made["context"]["platform"], "cloudfoundry");
    assert_eq!(made["context"]["instance_name"], "DEFAULT");
    let [(binding, bound)] = &bindings[..] else {
        panic!("one binding: {bindings:?}");
    };
    assert_eq!(bound["bound"], environment.as_str());
    let site = app.site("test");
    let dsn = format!("postgres://{binding}:p%40s%2F@db.example:5432/data");
    assert_eq!(site[DSN], dsn.as_str());
    assert_eq!(site["DATABASE_URL"], dsn.as_str());
    assert_eq!(site["DEFAULT_DATABASE_PASSWORD"], "p@s/");
    assert_eq!(site["DEFAULT_DATABASE_PORT"], "5432");
    let shown = app.json(&["service", "show", "DEFAULT"]);
    let names = shown["variables"].as_array().expect("a list");
    assert!(names.contains(&json!(DSN)), "{names:?}");
    assert_eq!(app.json(&["plan"])["variables"], json!([]));
    app.windlass(&["service", "usage", "DEFAULT"])
        .refused(1, &["brokers cannot be asked that"]);

    app.windlass(&["service", "rotate", "DEFAULT", "--grace", "0s"])
        .good();
    let (_, bindings) = broker.has();
    assert_eq!(bindings.len(), 1, "{bindings:?}");
    assert_ne!(bindings[0].0, *binding, "the former one is gone");
    let new = app.site("test")[DSN].clone();
    assert!(new.as_str().is_some_and(|new| new.contains(&bindings[0].0)));

    // A plan that the broker has no longer cannot be added; what there is of it goes on, and comes back with it.
    broker.offer(&["p-large"]);
    on.user.windlass(&["broker", "refresh", "acme"]).good();
    assert_eq!(services(&on), ["acme-postgres-large"]);
    on.user
        .windlass(&["broker", "remove", "acme"])
        .refused(1, &["DEFAULT of shop/test"]);
    let listed = on.user.windlass(&["broker", "list"]).good();
    assert!(listed.contains("does not offer it any more"), "{listed}");
    broker.offer(&["p-small", "p-large"]);
    on.user.windlass(&["broker", "refresh", "acme"]).good();
    assert_eq!(services(&on).len(), 2);
    let same = app.json(&["service", "show", "DEFAULT"])["service"].clone();
    assert_eq!(same, shown["service"]);
    app.windlass(&["service", "detach", "DEFAULT"]).good();
    app.deploy("test");
    assert_eq!(app.site("test")[DSN], Value::Null);
    let (instances, bindings) = broker.has();
    assert_eq!((instances.len(), bindings.len()), (1, 0));
    app.windlass(&["service", "remove", "DEFAULT", "--yes"])
        .good();
    assert_eq!(broker.has(), (Vec::new(), Vec::new()));
    on.user.windlass(&["broker", "remove", "acme"]).good();
    assert_eq!(services(&on), Vec::<String>::new());
    leftovers::none(&on);
    assert!(!on.server_log().contains(PASSWORD) && !on.server_log().contains("p@s/"));
}

#[test]
fn a_provisioning_by_a_broker_goes_on_after_kill_9() {
    let broker = Broker::start();
    let mut on = Installation::start();
    broker.add(&on, "acme", PASSWORD).good();
    let tree = {
        let app = app(&on, "shop");
        app.windlass(&["service", "add", "acme-postgres-small"])
            .good();
        app.tree
    };
    broker.misbehave(&[("poll", "never")]);
    let operation = App::at(&on, &tree).begin_deployment("test", None);
    let polled = |what: &str, more: u64| {
        wait::until(what, SOON, || {
            let (instances, _) = broker.has();
            let (id, made) = instances.first()?;
            (made["polls"].as_u64()? > more).then(|| (id.clone(), made.clone()))
        })
    };
    let (id, made) = polled("the broker is asked how far it is", 0);
    assert_eq!(made["requests"], 1);
    on.kill_server();
    on.start_server();
    let before = made["polls"].as_u64().expect("a number") + 1;
    let (same, made) = polled("the broker is asked again", before);
    assert_eq!((same, &made["requests"]), (id, &json!(2)));
    broker.misbehave(&[]);
    assert_eq!(on.ended(&operation)["state"], "succeeded");
    let app = App::at(&on, &tree);
    assert!(app.site("test")[DSN].is_string());
    let (instances, bindings) = broker.has();
    assert_eq!((instances.len(), bindings.len()), (1, 1));
    leftovers::none(&on);

    // This broker lets nothing go that is bound: its bindings go first.
    app.windlass(&["app", "remove", "--yes"]).good();
    assert_eq!(broker.has(), (Vec::new(), Vec::new()));
}

#[test]
fn a_broker_that_does_not_do_its_part_leaves_everything_as_before() {
    let broker = Broker::start();
    let on = Installation::with(&["--broker-timeout=3"]);
    broker.add(&on, "acme", PASSWORD).good();
    let app = app(&on, "shop");
    app.windlass(&["service", "add", "acme-postgres-small"])
        .good();
    for (call, how, words) in [
        (
            "provision",
            "refuse",
            &["the quota is used up", "nothing was changed"][..],
        ),
        ("provision", "fail", &["the broker failed", "taken back"]),
        (
            "provision",
            "hang",
            &["no answer within 3s", "answers, then try again"],
        ),
        ("provision", "forget", &["no longer knows the operation"]),
        ("poll", "fail", &["no room on any machine"]),
    ] {
        broker.misbehave(&[(call, how)]);
        app.windlass(&["service", "provision", "DEFAULT"])
            .refused(1, words);
        assert_eq!(app.state("test", "DEFAULT"), "NEW", "{how}");
        let shown = app.windlass(&["service", "show", "DEFAULT"]).good();
        for word in words {
            assert!(shown.contains(word), "{how}: '{word}' is not in {shown}");
        }
        assert_eq!(broker.has(), (Vec::new(), Vec::new()), "{how}");
    }

    broker.misbehave(&[("bind", "fail")]);
    app.windlass(&["deploy", "test"])
        .refused(1, &["making the binding", "the broker failed"]);
    assert_eq!(app.state("test", "DEFAULT"), "PENDING_ATTACHMENT");
    let (instances, bindings) = broker.has();
    assert_eq!((instances.len(), bindings.len()), (1, 0));
    broker.misbehave(&[]);
    app.deploy("test");
    let before = app.site("test")[DSN].clone();
    assert!(before.is_string());

    // What runs goes on, whatever has become of its broker.
    broker.misbehave(&[("all", "fail")]);
    app.push_version("2");
    app.deploy("test");
    assert_eq!(app.site("test")[DSN], before);
    broker.misbehave(&[("bind", "fail")]);
    app.windlass(&["service", "rotate", "DEFAULT"])
        .refused(1, &["the broker failed"]);
    assert_eq!(app.site("test")[DSN], before);
    assert_eq!(app.state("test", "DEFAULT"), "ATTACHED");
    broker.misbehave(&[]);
    broker.forget();
    app.windlass(&["service", "rotate", "DEFAULT"]).refused(
        1,
        &["does not have the instance any more", "detach the instance"],
    );
    assert_eq!(app.site("test")[DSN], before);
    assert_eq!(app.state("test", "DEFAULT"), "ATTACHED");
    app.windlass(&["service", "detach", "DEFAULT"]).good();
    app.deploy("test");

    broker.misbehave(&[("all", "fail")]);
    app.windlass(&["service", "remove", "DEFAULT", "--yes"])
        .refused(1, &["broker 'acme'"]);
    assert_eq!(app.state("test", "DEFAULT"), "DETACHED");
    broker.misbehave(&[]);
    app.windlass(&["service", "remove", "DEFAULT", "--yes"])
        .good();
    assert_eq!(broker.has(), (Vec::new(), Vec::new()));
    leftovers::none(&on);
}
