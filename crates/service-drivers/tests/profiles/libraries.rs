//! Libraries that read the names from their environment, without being told any.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use windlass_model::profile::Profile;
use windlass_service_drivers::garage::GarageDriver;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_services::Driver;

use crate::{request, value};

/// Ours are letters and digits; an operator's may be anything.
const PASSWORD: &str = "p@s/:s?w#%+ &=[é]~.-_!$'()*,;";

/// What a library finds in the environment that a type gives for a profile; the wanted are names of variables,
/// or texts.
fn finds(driver: &dyn Driver, profile: Profile, library: &str, wanted: &[&str]) {
    let request = request("MAIN", SecretString::from(PASSWORD), Some(profile));
    let variables = driver.variables(&request);
    let environment: serde_json::Map<String, Value> = variables
        .iter()
        .map(|it| (it.name.to_string(), json!(it.value.expose_secret())))
        .collect();
    let wanted: Vec<String> = wanted
        .iter()
        .map(|name| match name.strip_prefix('$') {
            Some(name) => value(&variables, name),
            None => (*name).to_owned(),
        })
        .collect();
    let asked = json!({ "library": library, "environment": environment });
    let found: Vec<String> = serde_json::from_str(&read(&asked)).expect("a list of texts");
    assert_eq!(found, wanted, "{library} of {}", driver.kind());
}

fn read(asked: &Value) -> String {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/profiles"));
    let mut prepare = Command::new(here.join("../../../../scripts/prepare-libraries"));
    let python = output(&mut prepare, "");
    let mut command = Command::new(python.trim());
    command.arg(here.join("environment.py"));
    output(&mut command, &asked.to_string())
}

fn output(command: &mut Command, input: &str) -> String {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.unwrap_or_else(|error| {
        panic!("{command:?}: {error}; ./test installs what the tests need")
    });
    let mut pipe = child.stdin.take().expect("it is piped");
    pipe.write_all(input.as_bytes()).expect("it reads all");
    drop(pipe);
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{command:?} fails");
    String::from_utf8(ended.stdout).expect("text")
}

/// The bucket in the path: a name before the host's there is none for.
#[test]
fn boto3_needs_nothing_but_the_environment() {
    let wanted = [
        "$MAIN_STORAGE_ACCESS_KEY_ID",
        PASSWORD,
        "$MAIN_STORAGE_REGION",
        "http://db.internal:6543",
        "path",
    ];
    finds(&GarageDriver::new(), Profile::Aws, "boto3", &wanted);
}

#[test]
fn django_environ_reads_each_of_its_urls() {
    let database = [
        "$MAIN_DATABASE_USER",
        PASSWORD,
        "db.internal",
        "6543",
        "$MAIN_DATABASE_NAME",
    ];
    let django = Profile::Django;
    finds(&PostgresDriver::new(), django, "database", &database);
    finds(&MysqlDriver::mariadb(), django, "database", &database);
    let memcached = MemcachedDriver::new();
    let backend = "django.core.cache.backends.memcached";
    finds(&memcached, django, "cache", &[backend, "db.internal:6543"]);
}

#[test]
fn django_environ_finds_the_search_server_and_an_index_of_ours() {
    let driver = OpensearchDriver::opensearch();
    let request = request("MAIN", SecretString::from("Abc"), Some(Profile::Django));
    let url = value(&driver.variables(&request), "SEARCH_URL");
    let asked = json!({ "library": "search", "environment": { "SEARCH_URL": url } });
    let found: Vec<String> = serde_json::from_str(&read(&asked)).expect("a list of texts");
    let prefix = value(
        &driver.variables(&request),
        "MAIN_ELASTICSEARCH_INDEX_PREFIX",
    );
    assert!(found[0].contains("db.internal:6543"), "{found:?}");
    assert!(found[1].starts_with(&prefix), "{found:?}");
}
