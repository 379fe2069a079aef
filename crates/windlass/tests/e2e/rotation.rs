//! Rotating credentials while the application is used: nothing fails, the old ones go, and what still uses them
//! goes on until it ends.

use std::time::Duration;

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::installation::Installation;
use crate::support::load::Load;
use crate::support::{leftovers, wait};

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("types/app.py");

/// Service, how it is named, and the variable that has its credentials.
type Rotated = (&'static str, &'static str, &'static str);

const SERVICES: [Rotated; 4] = [
    ("postgres", "DATABASE:DEFAULT", "DEFAULT_DATABASE_DSN"),
    ("mariadb", "DATABASE:SHOP", "SHOP_DATABASE_DSN"),
    ("redis", "CACHE:DEFAULT", "DEFAULT_CACHE_URL"),
    ("rabbitmq", "QUEUE:DEFAULT", "DEFAULT_AMQP_BROKER_URL"),
];
/// Two looks at the sessions of replaced credentials, and time for a busy machine.
const REVOKED: Duration = Duration::from_mins(1);

#[test]
fn credentials_of_every_type_are_rotated_under_load() {
    rotate_under_load(&SERVICES);
}

/// Those of servers that are made by scripts of ours first.
#[cfg(feature = "long")]
#[test]
fn credentials_of_every_type_of_a_made_server_are_rotated_under_load() {
    rotate_under_load(&[
        ("s3", "STORAGE:DEFAULT", "DEFAULT_STORAGE_DSN"),
        ("opensearch", "SEARCH:DEFAULT", "DEFAULT_ELASTICSEARCH_URL"),
        ("ferretdb", "DATABASE:DEFAULT", "DEFAULT_MONGODB_URL"),
    ]);
}

fn rotate_under_load(services: &[Rotated]) {
    let on = Installation::start();
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    let memcached = ("memcached", "CACHE:PAGES", "");
    for (service, name, _) in services.iter().chain([&memcached]) {
        let (_, prefix) = name.split_once(':').expect("kind and prefix");
        app.windlass(&["service", "add", service, "--prefix", prefix])
            .good();
    }
    app.deploy("test");
    let put = app.ask("test", "/put/kept");
    assert_eq!(put.status, 200, "{}", put.text());
    app.windlass(&["service", "rotate", "CACHE:PAGES"])
        .refused(1, &["no credentials"]);
    let load = Load::start(
        on.sites(),
        "shop-test.localhost",
        "/",
        2,
        Duration::from_millis(100),
    );
    for (service, name, variable) in services {
        let before = app.variable("test", variable).expect("a variable");
        app.windlass(&["service", "rotate", name]).good();
        let after = app.variable("test", variable).expect("a variable");
        assert_ne!(before, after, "{service} has new credentials");
    }
    let sent = load.end();
    // Only now: who looks at a queue takes its message for a moment, and others see none.
    let site = app.site("test");
    for (service, _, variable) in services {
        assert_eq!(site[*variable], "kept", "{service}");
    }
    eprintln!(
        "{sent} requests were answered over {} rotations",
        services.len()
    );
}

#[test]
fn what_still_uses_the_old_credentials_goes_on_until_it_ends() {
    let on = Installation::start();
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres"]).good();
    app.deploy("test");
    let login = || {
        let dsn = app.variable("test", "DEFAULT_DATABASE_DSN");
        Login::of(&dsn.expect("a variable"))
    };
    let old = login();
    let mut report = old.session();
    assert_eq!(report.ask("SELECT 1"), "1");
    let log = app.windlass(&["service", "rotate", "DEFAULT"]).good();
    assert!(log.contains("stay valid while they are used"), "{log}");
    let new = login();
    assert_ne!(old.user, new.user);
    old.works();
    new.works();
    assert_eq!(report.ask("SELECT 2"), "2");
    drop(report);
    wait::until("the old user is gone", REVOKED, || {
        old.sql("SELECT 1").is_err().then_some(())
    });
    old.is_refused();
    new.works();
    leftovers::none(&on);

    // Who gives no time ends what is open.
    let mut report = new.session();
    assert_eq!(report.ask("SELECT 3"), "3");
    app.windlass(&["service", "rotate", "DEFAULT", "--grace", "0s"])
        .good();
    new.is_refused();
    report.must_be_over();
    login().works();
    leftovers::none(&on);
}
