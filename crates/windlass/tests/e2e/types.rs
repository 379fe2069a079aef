//! Services of every type: added, provisioned, attached, used by the usual libraries, detached and removed.

use std::time::Duration;

use serde_json::Value;

use crate::support::app::App;
use crate::support::installation::Installation;
use crate::support::operators::Operators;
use crate::support::{docker, leftovers, wait};

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("types/app.py");

/// A server's first start, on a busy machine.
const UP: Duration = Duration::from_mins(2);
/// Service, kind, prefix, and the variable that the application finds it by.
type Wanted = (&'static str, &'static str, &'static str, &'static str);

const SERVICES: [Wanted; 8] = [
    ("postgres", "DATABASE", "DEFAULT", "DEFAULT_DATABASE_DSN"),
    ("mariadb", "DATABASE", "SHOP", "SHOP_DATABASE_DSN"),
    (
        "mariadb-10.11-private",
        "DATABASE",
        "OWN",
        "OWN_DATABASE_DSN",
    ),
    ("redis", "CACHE", "DEFAULT", "DEFAULT_CACHE_URL"),
    ("redis", "CACHE", "SESSIONS", "SESSIONS_CACHE_URL"),
    ("memcached", "CACHE", "PAGES", "PAGES_MEMCACHE_SERVERS"),
    ("rabbitmq", "QUEUE", "DEFAULT", "DEFAULT_AMQP_BROKER_URL"),
    (
        "rabbitmq-3.10-private",
        "QUEUE",
        "OWN",
        "OWN_AMQP_BROKER_URL",
    ),
];

/// Those of servers that are made by scripts of ours first.
#[cfg(feature = "long")]
const MADE: [Wanted; 5] = [
    ("s3", "STORAGE", "DEFAULT", "DEFAULT_STORAGE_DSN"),
    ("s3-2.5-private", "STORAGE", "OWN", "OWN_STORAGE_DSN"),
    (
        "opensearch-2.19-shared",
        "SEARCH",
        "DEFAULT",
        "DEFAULT_ELASTICSEARCH_URL",
    ),
    (
        "opensearch-2.19-private",
        "SEARCH",
        "OWN",
        "OWN_ELASTICSEARCH_URL",
    ),
    ("ferretdb", "DATABASE", "DEFAULT", "DEFAULT_MONGODB_URL"),
];

#[test]
fn every_type_goes_the_whole_way() {
    go_the_whole_way(&SERVICES, false);
}

#[cfg(feature = "long")]
#[test]
fn every_type_of_a_made_server_goes_the_whole_way() {
    // One by one: a search server takes half a minute to come up.
    go_the_whole_way(&MADE, true);
}

fn go_the_whole_way(services: &[Wanted], one_by_one: bool) {
    let on = Installation::start();
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    for (service, kind, prefix, _) in services {
        app.windlass(&["service", "add", service, "--prefix", prefix])
            .good();
        if one_by_one {
            app.windlass(&["service", "provision", &format!("{kind}:{prefix}")])
                .good();
        }
    }
    app.deploy("test");
    every_one(services, &app.site("test"), &Value::Null);
    every_one(services, &put(&app, "first"), &"first".into());

    for (service, kind, prefix, _) in services {
        let used = app.json(&["service", "usage", &format!("{kind}:{prefix}")]);
        assert!(used["bytes"].is_u64(), "{service}: {used}");
        let (open, limit) = (&used["connections"], &used["connection_limit"]);
        assert!(open.as_u64() <= limit.as_u64(), "{service}: {used}");
    }

    // A deployment makes new credentials of what it attaches anew, and none of the rest; the data stays.
    app.push_version("2");
    app.deploy("test");
    every_one(services, &app.site("test"), &"first".into());

    for (_, kind, prefix, _) in services {
        app.windlass(&["service", "detach", &format!("{kind}:{prefix}")])
            .good();
    }
    app.deploy("test");
    assert_eq!(app.site("test"), serde_json::json!({}));
    for (_, kind, prefix, _) in services {
        app.windlass(&["service", "remove", &format!("{kind}:{prefix}"), "--yes"])
            .good();
    }
    leftovers::none(&on);
}

#[test]
fn servers_of_the_operator_are_used_like_those_of_windlass() {
    let servers = [Operators::mariadb(), Operators::rabbitmq()];
    let urls = servers.each_ref().map(Operators::url);
    let on = Installation::with(&["--shared-cluster", &urls[0], "--shared-cluster", &urls[1]]);
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    let services = [
        ("mariadb", "SHOP", "SHOP_DATABASE_DSN"),
        ("rabbitmq", "DEFAULT", "DEFAULT_AMQP_BROKER_URL"),
    ];
    for (service, prefix, _) in services {
        app.windlass(&["service", "add", service, "--prefix", prefix])
            .good();
        // Nobody but the operator knows when they have come up.
        wait::until("the operator's server is up", UP, || {
            (app.windlass(&["service", "provision", prefix]).code == 0).then_some(())
        });
    }
    app.deploy("test");
    let said = put(&app, "first");
    for (service, prefix, variable) in services {
        assert_eq!(said[variable], "first", "{service}: {said}");
        app.windlass(&["service", "detach", prefix]).good();
    }
    app.deploy("test");
    for (_, prefix, _) in services {
        app.windlass(&["service", "remove", prefix, "--yes"]).good();
    }
    leftovers::none(&on);
    assert_eq!(
        docker::containers(&on.id(), "cluster"),
        Vec::<String>::new(),
        "Windlass runs no server of these types"
    );
}

fn put(app: &App<'_>, value: &str) -> Value {
    let answer = app.ask("test", &format!("/put/{value}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[track_caller]
fn every_one(services: &[Wanted], said: &Value, wanted: &Value) {
    for (service, _, prefix, variable) in services {
        assert_eq!(&said[*variable], wanted, "{service} {prefix}: {said}");
    }
}
