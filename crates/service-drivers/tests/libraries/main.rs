//! The URLs of all types, as the libraries read them that applications use.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;
use windlass_model::id::InstanceId;
use windlass_model::names::Prefix;
use windlass_service_drivers::azure::AzureDriver;
use windlass_service_drivers::garage::GarageDriver;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_service_drivers::redis::RedisDriver;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::{Driver, Endpoint, Tls, VariableRequest};

/// Ours are letters and digits; an operator's or a broker's may be anything.
const PASSWORDS: [&str; 6] = [
    "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789",
    "p@s/:s?w#%+ &=[é]~.-_!$'()*,;",
    "%41%2f100%",
    " leading and trailing ",
    "back\\slash\"quote'",
    "++++日本語🔑",
];
const HOST: &str = "db.internal";
const PORT: u16 = 6543;

/// A URL's variable, the schemes and who reads them, and the variables of the parts.
struct Type {
    driver: Box<dyn Driver>,
    url: &'static str,
    parts: [&'static str; 2],
    /// The variable of the path, if it has one.
    place: Option<&'static str>,
    readers: Readers,
}

/// Schemes, each with the libraries that know it.
type Readers = &'static [(&'static str, &'static [&'static str])];

const MYSQL: Readers = &[
    ("mysql", &["dj_database_url", "django_environ", "node"]),
    ("mysql2", &["dj_database_url", "node"]),
    ("mysql+pymysql", &["sqlalchemy"]),
];
const REDIS: Readers = &[("redis", &["redis", "node"])];

fn types() -> Vec<Type> {
    let database = ["DEFAULT_DATABASE_USER", "DEFAULT_DATABASE_PASSWORD"];
    let place = Some("DEFAULT_DATABASE_NAME");
    vec![
        Type {
            driver: Box::new(PostgresDriver::new()),
            url: "DEFAULT_DATABASE_DSN",
            parts: database,
            place,
            readers: &[
                ("postgres", &["dj_database_url", "django_environ", "node"]),
                (
                    "postgresql",
                    &["dj_database_url", "django_environ", "sqlalchemy", "node"],
                ),
                ("postgis", &["dj_database_url", "django_environ", "node"]),
                ("postgresql+psycopg", &["sqlalchemy"]),
            ],
        },
        Type {
            driver: Box::new(MysqlDriver::mysql()),
            url: "DEFAULT_DATABASE_DSN",
            parts: database,
            place,
            readers: MYSQL,
        },
        Type {
            driver: Box::new(MysqlDriver::mariadb()),
            url: "DEFAULT_DATABASE_DSN",
            parts: database,
            place,
            readers: MYSQL,
        },
        Type {
            driver: Box::new(RedisDriver::redis()),
            url: "DEFAULT_CACHE_URL",
            parts: ["DEFAULT_CACHE_USER", "DEFAULT_CACHE_PASSWORD"],
            place: Some("DEFAULT_CACHE_DB"),
            readers: REDIS,
        },
        Type {
            driver: Box::new(RedisDriver::valkey()),
            url: "DEFAULT_CACHE_URL",
            parts: ["DEFAULT_CACHE_USER", "DEFAULT_CACHE_PASSWORD"],
            place: Some("DEFAULT_CACHE_DB"),
            readers: REDIS,
        },
        Type {
            driver: Box::new(RabbitmqDriver::new()),
            url: "DEFAULT_AMQP_BROKER_URL",
            parts: ["DEFAULT_AMQP_USER", "DEFAULT_AMQP_PASSWORD"],
            place: Some("DEFAULT_AMQP_VHOST"),
            readers: &[("amqp", &["pika", "kombu", "node"])],
        },
        mongodb(MongodbDriver::mongodb()),
        mongodb(MongodbDriver::ferretdb()),
        search(OpensearchDriver::opensearch()),
        search(OpensearchDriver::elasticsearch()),
    ]
}

fn mongodb(driver: MongodbDriver) -> Type {
    Type {
        driver: Box::new(driver),
        url: "DEFAULT_MONGODB_URL",
        parts: ["DEFAULT_MONGODB_USER", "DEFAULT_MONGODB_PASSWORD"],
        place: Some("DEFAULT_MONGODB_NAME"),
        readers: &[("mongodb", &["pymongo", "node"])],
    }
}

fn search(driver: OpensearchDriver) -> Type {
    Type {
        driver: Box::new(driver),
        url: "DEFAULT_ELASTICSEARCH_URL",
        parts: [
            "DEFAULT_ELASTICSEARCH_USER",
            "DEFAULT_ELASTICSEARCH_PASSWORD",
        ],
        place: None,
        readers: &[("http", &["opensearch", "node"])],
    }
}

fn request(password: &str, scheme: Option<&str>) -> VariableRequest {
    VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: InstanceId::from(Uuid::now_v7()),
        generation: 3,
        password: SecretString::from(password),
        endpoint: Endpoint {
            host: HOST.to_owned(),
            port: PORT,
        },
        tls: Tls::Off,
        url_scheme: scheme.map(str::to_owned),
        profile: None,
        media_host: None,
    }
}

fn value(driver: &dyn Driver, request: &VariableRequest, name: &str) -> String {
    let variables = driver.variables(request);
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str() == name);
    let found = found.unwrap_or_else(|| panic!("{} gives {name}", driver.kind()));
    found.value.expose_secret().to_owned()
}

/// What a library is asked to read, and what it should find.
struct Case {
    library: &'static str,
    url: String,
    wanted: Vec<String>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in types() {
        let driver = kind.driver.as_ref();
        for (scheme, libraries) in kind.readers {
            let choice = driver.url_schemes().contains(scheme).then_some(*scheme);
            for password in PASSWORDS {
                let request = request(password, choice);
                let url = value(driver, &request, kind.url);
                assert!(url.starts_with(&format!("{scheme}://")), "{url}");
                let [user, secret] = kind.parts.map(|name| value(driver, &request, name));
                let place = kind.place.map(|name| value(driver, &request, name));
                let place = place.unwrap_or_default();
                assert_eq!(secret, password, "the part is not encoded");
                cases.extend(libraries.iter().map(|library| Case {
                    library,
                    url: url.clone(),
                    wanted: vec![
                        user.clone(),
                        secret.clone(),
                        HOST.to_owned(),
                        PORT.to_string(),
                        place.clone(),
                    ],
                }));
            }
        }
    }
    cases
}

#[test]
fn every_library_finds_the_parts_in_the_url() {
    let (node, python): (Vec<Case>, Vec<Case>) =
        cases().into_iter().partition(|case| case.library == "node");
    assert!(node.len() >= 6 * PASSWORDS.len() && python.len() >= 8 * PASSWORDS.len());
    read(&python, interpreter().trim(), "parse.py");
    read(&node, "node", "parse.js");
}

#[test]
fn the_library_of_object_storage_finds_the_parts_in_the_url() {
    let driver = GarageDriver::new();
    let cases = PASSWORDS.map(|password| {
        let request = request(password, None);
        let part = |name: &str| value(&driver, &request, &format!("DEFAULT_STORAGE_{name}"));
        assert_eq!(
            part("SECRET_ACCESS_KEY"),
            password,
            "the part is not encoded"
        );
        Case {
            library: "django_storage_url",
            url: part("DSN"),
            wanted: vec![
                part("ACCESS_KEY_ID"),
                password.to_owned(),
                format!("https://s3.garage.{HOST}/"),
                part("REGION"),
                part("BUCKET"),
            ],
        }
    });
    read(&cases, interpreter().trim(), "parse.py");
}

/// The credential is a URL with all that is known of the endpoint.
#[test]
fn the_library_of_object_storage_finds_the_parts_of_endpoints() {
    let driver = S3EndpointDriver::new();
    let mut cases = Vec::new();
    for (host, region) in [
        ("s3.eu-central-1.amazonaws.com", "eu-central-1"),
        ("objects.example.org", "north"),
    ] {
        for password in PASSWORDS {
            let secret = windlass_model::percent::encode(password);
            let credential =
                format!("https://AKIA:{secret}@{host}/svc-1?region={region}&style=path");
            let request = request(&credential, None);
            let part = |name: &str| value(&driver, &request, &format!("DEFAULT_STORAGE_{name}"));
            assert_eq!(part("SECRET_ACCESS_KEY"), password);
            assert_eq!(part("ENDPOINT_URL"), format!("https://{host}"));
            assert_eq!(part("ADDRESSING_STYLE"), "path");
            cases.push(Case {
                library: "django_storage_url",
                url: part("DSN"),
                wanted: vec![
                    "AKIA".to_owned(),
                    password.to_owned(),
                    format!("https://{host}/"),
                    region.to_owned(),
                    "svc-1".to_owned(),
                ],
            });
        }
    }
    read(&cases, interpreter().trim(), "parse.py");
}

/// The credential is a signature, and no password that anybody chose.
#[test]
fn the_library_of_object_storage_finds_the_parts_of_azure() {
    let driver = AzureDriver::new();
    let signature = "sv=2025-07-05&sr=c&si=windlass-1&spr=https&sig=a%2Bb%2F%3D%3F%3E%3F%7E%3D";
    let credential = format!("https://shop.blob.core.windows.net/svc-1?{signature}");
    let request = request(&credential, None);
    let part = |name: &str| value(&driver, &request, &format!("DEFAULT_STORAGE_{name}"));
    assert_eq!(part("SAS_TOKEN"), signature);
    let endpoint = "https://shop.blob.core.windows.net";
    assert_eq!(part("ENDPOINT_URL"), endpoint);
    let container = part("CONTAINER");
    let case = Case {
        library: "django_storage_url_azure",
        url: part("DSN"),
        wanted: vec![
            part("ACCOUNT_NAME"),
            signature.to_owned(),
            format!("{endpoint}/{container}/"),
            container,
        ],
    };
    assert!(case.url.starts_with("az://shop:"));
    assert!(case.url.contains("@blob.core.windows.net/"));
    read(&[case], interpreter().trim(), "parse.py");
}

#[test]
fn memcached_has_an_address_and_no_secret() {
    let driver = MemcachedDriver::new();
    let request = request("nobody's", None);
    let address = format!("{HOST}:{PORT}");
    assert_eq!(
        value(&driver, &request, "DEFAULT_MEMCACHE_SERVERS"),
        address
    );
    assert_eq!(
        value(&driver, &request, "DEFAULT_MEMCACHE_URL"),
        format!("memcached://{address}")
    );
    for variable in driver.variables(&request) {
        assert!(!variable.is_sensitive, "{}", variable.name);
    }
}

/// The Python that has the libraries.
fn interpreter() -> String {
    output(
        Command::new(here().join("../../../../scripts/prepare-libraries")),
        "",
    )
}

fn read(cases: &[Case], program: &str, script: &str) {
    let asked: Vec<Value> = cases
        .iter()
        .map(|case| json!({"library": case.library, "url": case.url}))
        .collect();
    let mut command = Command::new(program);
    command.arg(here().join(script));
    let read = output(command, &Value::Array(asked).to_string());
    let found: Vec<Vec<String>> = read
        .lines()
        .map(|line| serde_json::from_str(line).expect("a list of texts"))
        .collect();
    assert_eq!(found.len(), cases.len());
    for (case, found) in cases.iter().zip(found) {
        assert_eq!(found, case.wanted, "{} of {}", case.library, case.url);
    }
}

fn output(mut command: Command, input: &str) -> String {
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

fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libraries"))
}
