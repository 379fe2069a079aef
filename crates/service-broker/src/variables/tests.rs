//! Credentials as brokers give them, and as they should not.

use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use windlass_model::names::Prefix;

use super::{Rendered, render, variables};
use crate::spec::Opaque;

fn opaque(value: Value) -> Opaque {
    let Value::Object(object) = value else {
        panic!("an object");
    };
    Opaque::from(object)
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

fn rendered(name: &str, tags: &[&str], credentials: Value) -> Rendered {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    render(&prefix(name), &tags, &opaque(credentials))
}

/// Names and values; what anybody may see has a `*`.
fn shown(rendered: &Rendered) -> Vec<String> {
    let variables = rendered.variables.iter();
    variables
        .map(|variable| {
            let mark = if variable.is_sensitive { "" } else { "*" };
            format!("{}{mark}={}", variable.name, variable.value.expose_secret())
        })
        .collect()
}

#[test]
fn a_database_has_the_variables_of_our_own() {
    let credentials = json!({
        "uri": "postgres://u:p%40@db:5432/d", "host": "db", "port": 5432, "username": "u",
        "password": "p@", "database": "d", "jdbcUrl": "jdbc:postgresql://db:5432/d",
        "tls": {"ca": "x"}, "replica": null, "ssl": true,
    });
    assert_eq!(
        shown(&rendered(
            "DEFAULT",
            &["relational", "postgresql"],
            credentials.clone()
        )),
        [
            "DEFAULT_DATABASE_DSN=postgres://u:p%40@db:5432/d",
            "DATABASE_URL=postgres://u:p%40@db:5432/d",
            "DEFAULT_DATABASE_DATABASE*=d",
            "DEFAULT_DATABASE_HOST*=db",
            "DEFAULT_DATABASE_JDBC_URL=jdbc:postgresql://db:5432/d",
            "DEFAULT_DATABASE_PASSWORD=p@",
            "DEFAULT_DATABASE_PORT*=5432",
            "DEFAULT_DATABASE_SSL=true",
            "DEFAULT_DATABASE_TLS={\"ca\":\"x\"}",
            "DEFAULT_DATABASE_URI=postgres://u:p%40@db:5432/d",
            "DEFAULT_DATABASE_USERNAME=u",
        ]
    );
    // The same by the scheme alone; under another prefix without the alias.
    let names = shown(&rendered("OTHER", &[], credentials));
    assert_eq!(names[0], "OTHER_DATABASE_DSN=postgres://u:p%40@db:5432/d");
    assert!(names.iter().all(|name| name.starts_with("OTHER_DATABASE_")));
}

#[test]
fn each_type_has_its_main_variable() {
    for (tag, url, first) in [
        ("mysql", "mysql://h", &["P_DATABASE_DSN"][..]),
        ("redis", "redis://h", &["P_CACHE_URL"]),
        ("rabbitmq", "amqp://h", &["P_AMQP_BROKER_URL"]),
        ("amqp", "amqp://h", &["P_AMQP_BROKER_URL"]),
        ("mongodb", "mongodb://h", &["P_MONGODB_URL"]),
        ("elasticsearch", "https://h", &["P_ELASTICSEARCH_URL"]),
        ("s3", "https://h", &["P_STORAGE_DSN"]),
        ("memcached", "memcached://h", &["P_MEMCACHE_URL"]),
        ("something", "https://h", &["P_URL"]),
    ] {
        for key in ["uri", "url", "connection_string", "connectionString", "URL"] {
            let rendered = rendered("P", &[tag], json!({key: url}));
            let names: Vec<String> = rendered
                .variables
                .iter()
                .map(|variable| variable.name.to_string())
                .collect();
            assert_eq!(names[..1], *first, "{tag} {key}");
            let value = rendered.variables[0].value.expose_secret();
            assert_eq!(value, url);
        }
    }
}

#[test]
fn the_first_url_wins_and_only_a_url_has_an_alias() {
    let of = |credentials| shown(&rendered("DEFAULT", &["mysql"], credentials));
    let both = of(json!({"jdbcUrl": "jdbc:mysql://h", "url": "", "uri": "mysql://h"}));
    assert_eq!(
        both[..2],
        ["DEFAULT_DATABASE_DSN=mysql://h", "DATABASE_URL=mysql://h"]
    );
    assert_eq!(
        of(json!({"jdbcUrl": "jdbc:mysql://h"})),
        [
            "DEFAULT_DATABASE_DSN=jdbc:mysql://h",
            "DEFAULT_DATABASE_JDBC_URL=jdbc:mysql://h"
        ]
    );
    assert_eq!(
        of(json!({"connection_string": "Server=h;Pwd=x"})),
        [
            "DEFAULT_DATABASE_DSN=Server=h;Pwd=x",
            "DEFAULT_DATABASE_CONNECTION_STRING=Server=h;Pwd=x"
        ]
    );
    assert_eq!(
        of(json!({"uri": {"nested": 1}}))[..],
        ["DEFAULT_DATABASE_URI={\"nested\":1}"]
    );
    assert_eq!(
        of(json!({"dsn": "mine", "uri": "mysql://h"}))
            .last()
            .map(String::as_str),
        Some("DEFAULT_DATABASE_URI=mysql://h")
    );
}

#[test]
fn without_a_type_keys_follow_the_prefix() {
    assert_eq!(
        shown(&rendered(
            "MAIL",
            &[],
            json!({"api-key": "k", "host": "smtp"})
        )),
        ["MAIL_API_KEY=k", "MAIL_HOST*=smtp"]
    );
    assert_eq!(
        shown(&rendered("MAIL", &[], json!({"url": "https://h"}))),
        ["MAIL_URL=https://h"]
    );
}

#[test]
fn a_harmless_key_with_a_secret_value_is_a_secret() {
    let of = |value: &str| shown(&rendered("P", &[], json!({ "host": value })));
    assert_eq!(of("h"), ["P_HOST*=h"]);
    assert_eq!(of("redis://:x@h"), ["P_HOST=redis://:x@h"]);
}

#[test]
fn hostile_keys_are_left_out_or_made_harmless() {
    let rendered = rendered(
        "P",
        &[],
        json!({
            "": "a", " ": "b", "日本語": "c", "k\n\0": "d", "A=B": "e", "a_b": "f", "zero": "x\0y",
            "k".repeat(300): "g", "k".repeat(128): "h", "$(rm -rf)": "i", "big": "x".repeat(65 * 1024),
        }),
    );
    assert_eq!(shown(&rendered), ["P_RM_RF=i", "P_A_B=e", "P_K=d"]);
    let mut skipped: Vec<(&str, &str)> = rendered
        .skipped
        .iter()
        .map(|skipped| (skipped.key.as_str(), skipped.why))
        .collect();
    skipped.sort_unstable();
    assert_eq!(skipped.len(), 8, "{skipped:?}");
    assert!(skipped.iter().all(|(key, _)| key.len() < 80));
    assert!(skipped.contains(&("'a_b'", "another key gives the same name")));
    assert!(skipped.contains(&("'big'", "its value is too large")));
}

#[test]
fn thousands_of_keys_do_not_fill_the_environment() {
    let many: Map<String, Value> = (0..50_000)
        .map(|number| (format!("key{number}"), json!("x".repeat(100))))
        .chain([("uri".to_owned(), json!("redis://h"))])
        .collect();
    let rendered = rendered("DEFAULT", &[], Value::Object(many));
    assert_eq!(rendered.variables.len(), 200);
    assert_eq!(
        shown(&rendered)[..2],
        ["DEFAULT_CACHE_URL=redis://h", "REDIS_URL=redis://h"]
    );
    assert_eq!(rendered.skipped.len(), 200);
    let large: Map<String, Value> = (0..100)
        .map(|number| (format!("key{number}"), json!("x".repeat(60 * 1024))))
        .collect();
    let rendered = self::rendered("DEFAULT", &[], Value::Object(large));
    assert_eq!(rendered.variables.len(), 8);
}

#[test]
fn nothing_gives_nothing() {
    assert!(variables(&prefix("P"), &[], &Opaque::default()).is_empty());
}

proptest! {
    #[test]
    fn any_credentials_give_good_names_each_once(
        keys in prop::collection::vec(("\\PC{0,40}", ".{0,40}"), 0..40),
        tag in "\\PC{0,12}",
    ) {
        let credentials: Map<String, Value> = keys.into_iter().map(|(key, value)| (key, json!(value))).collect();
        let rendered = render(&prefix("DEFAULT"), &[tag], &Opaque::from(credentials));
        let mut names: Vec<String> = rendered.variables.iter().map(|variable| variable.name.to_string()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        prop_assert_eq!(names.len(), all);
        for name in names {
            prop_assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}
