//! The names of frameworks and libraries: which there are, what they say, and who reads them.

mod libraries;
mod table;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_service_drivers::external::ExternalDriver;
use windlass_service_drivers::garage::GarageDriver;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_service_drivers::redis::RedisDriver;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::{Driver, Endpoint, Tls, Variable, VariableRequest, password};

fn drivers() -> Vec<Box<dyn Driver>> {
    vec![
        Box::new(PostgresDriver::new()),
        Box::new(MysqlDriver::mysql()),
        Box::new(MysqlDriver::mariadb()),
        Box::new(RedisDriver::redis()),
        Box::new(RedisDriver::valkey()),
        Box::new(RabbitmqDriver::new()),
        Box::new(GarageDriver::new()),
        Box::new(S3EndpointDriver::new()),
        Box::new(OpensearchDriver::opensearch()),
        Box::new(OpensearchDriver::elasticsearch()),
        Box::new(MongodbDriver::mongodb()),
        Box::new(MongodbDriver::ferretdb()),
        Box::new(MemcachedDriver::new()),
        Box::new(ExternalDriver::new()),
    ]
}

fn request(prefix: &str, password: SecretString, profile: Option<Profile>) -> VariableRequest {
    VariableRequest {
        prefix: prefix.parse().expect("a prefix"),
        instance: InstanceId::from(Uuid::now_v7()),
        generation: 3,
        password,
        endpoint: Endpoint {
            host: "db.internal".to_owned(),
            port: 6543,
        },
        tls: Tls::Off,
        url_scheme: None,
        profile,
        media_host: None,
    }
}

fn value(variables: &[Variable], name: &str) -> String {
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str() == name);
    let found = found.unwrap_or_else(|| panic!("{name} is given"));
    found.value.expose_secret().to_owned()
}

/// What a request's profile gives besides, as `NAME=value`.
fn besides(driver: &dyn Driver, request: &VariableRequest) -> Vec<String> {
    let without = VariableRequest {
        profile: None,
        ..request.clone()
    };
    let own = driver.variables(&without);
    let is_own = |given: &Variable| {
        let mut own = own.iter();
        own.any(|own| own.name == given.name && own.is_alias == given.is_alias)
    };
    let given = driver.variables(request);
    let further = given.iter().filter(|given| !is_own(given));
    further
        .map(|variable| format!("{}={}", variable.name, variable.value.expose_secret()))
        .collect()
}

/// Laravel reads each part of a URL as JSON once it is decoded, and its `env` takes some words and quotes away.
#[test]
fn no_value_of_ours_is_a_word_of_laravel() {
    for driver in drivers() {
        if !driver.profiles().contains(&Profile::Laravel) {
            continue;
        }
        for _ in 0..50 {
            let request = request("MAIN", password::generate(), Some(Profile::Laravel));
            for given in besides(driver.as_ref(), &request) {
                let (name, value) = given.split_once('=').expect("a name");
                let is_number = name.ends_with("_PORT") || name == "REDIS_DB";
                let is_said = name == "AWS_USE_PATH_STYLE_ENDPOINT";
                let json = serde_json::from_str::<serde_json::Value>(value);
                assert_eq!(json.is_ok(), is_number || is_said, "{name}={value}");
                let words = ["true", "false", "null", "empty"];
                let bare = value.trim_matches(['(', ')']).to_lowercase();
                assert!(is_said || !words.contains(&&*bare), "{name}={value}");
                assert!(!value.starts_with(['"', '\'']), "{name}={value}");
            }
        }
    }
}

#[test]
fn with_encryption_each_says_it_in_its_own_words() {
    let given = |driver: &dyn Driver, profile, tls, name: &str| {
        let mut request = request("MAIN", password::generate(), Some(profile));
        request.tls = tls;
        value(&driver.variables(&request), name)
    };
    let postgres = PostgresDriver::new();
    let (mysql, mariadb) = (MysqlDriver::mysql(), MysqlDriver::mariadb());
    for (tls, mode, mysqls, mariadbs) in [
        (Tls::Require, "require", "REQUIRED", "trust"),
        (Tls::Verify, "verify-full", "VERIFY_IDENTITY", "verify-full"),
    ] {
        let libpq = given(&postgres, Profile::Libpq, tls, "PGSSLMODE");
        assert_eq!(libpq, mode);
        for (driver, ending) in [
            (&postgres as &dyn Driver, format!("?sslmode={mode}")),
            (&mysql, format!("?sslMode={mysqls}")),
            (&mariadb, format!("?sslMode={mariadbs}")),
        ] {
            let url = given(driver, Profile::Spring, tls, "SPRING_DATASOURCE_URL");
            assert!(url.ends_with(&ending), "{url}");
        }
        let addresses = "SPRING_RABBITMQ_ADDRESSES";
        let url = given(&RabbitmqDriver::new(), Profile::Spring, tls, addresses);
        assert_eq!(url, "amqps://db.internal:6543");
        let url = given(&RedisDriver::redis(), Profile::Laravel, tls, "REDIS_URL");
        assert!(url.starts_with("rediss://"), "{url}");
    }
}

#[test]
fn a_scheme_that_was_chosen_is_kept_where_the_reader_knows_it() {
    let given = |driver: &dyn Driver, profile, scheme: &str, name: &str| {
        let mut request = request("MAIN", password::generate(), Some(profile));
        request.url_scheme = Some(scheme.to_owned());
        let url = value(&driver.variables(&request), name);
        url.split_once(':').expect("a scheme").0.to_owned()
    };
    let postgres = PostgresDriver::new();
    let of_rails = given(&postgres, Profile::Rails, "postgis", "MAIN_DATABASE_URL");
    assert_eq!(of_rails, "postgis");
    assert_eq!(
        given(&postgres, Profile::Django, "postgis", "DATABASE_URL"),
        "postgis"
    );
    assert_eq!(
        given(&postgres, Profile::Laravel, "postgis", "DB_URL"),
        "postgres"
    );
    let mysql = MysqlDriver::mysql();
    assert_eq!(
        given(&mysql, Profile::Rails, "mysql", "MAIN_DATABASE_URL"),
        "mysql"
    );
    let valkey = RedisDriver::valkey();
    assert_eq!(
        given(&valkey, Profile::Spring, "valkey", "SPRING_DATA_REDIS_URL"),
        "redis"
    );
    let memcached = MemcachedDriver::new();
    assert_eq!(
        given(&memcached, Profile::Django, "pylibmc", "CACHE_URL"),
        "pylibmc"
    );
}
