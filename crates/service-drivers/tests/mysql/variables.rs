//! The variables, as strict parsers and real clients read them.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::mysql::MySqlConnectOptions;
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::mysql::{MysqlDriver, URL_SCHEMES};
use windlass_services::{BindingSpec, Driver, Endpoint, Tls, Variable, VariableRequest};

use crate::fixture::{Mysql, dsn, spec};
use crate::server::{connect, shared};

const HOSTILE: [&str; 8] = [
    "p@s/:s?w#%+ &=[é]~.-_!$'()*,;",
    "100%",
    "%41%2f",
    "a:b@c/d?e#f",
    " leading and trailing ",
    "back\\slash\"quote'",
    "日本語🔑",
    "++++",
];

fn request(password: &str) -> VariableRequest {
    VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: InstanceId::from(Uuid::now_v7()),
        generation: 3,
        password: SecretString::from(password),
        endpoint: Endpoint {
            host: "db.internal".to_owned(),
            port: 6543,
        },
        tls: Tls::Off,
        url_scheme: None,
        profile: None,
        media_host: None,
    }
}

fn value<'a>(variables: &'a [Variable], name: &str) -> &'a str {
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str() == name);
    found
        .unwrap_or_else(|| panic!("{name} is given"))
        .value
        .expose_secret()
}

/// Scheme, user, password, host, port and path of a URL by the grammar of RFC 3986, which allows but
/// unreserved characters and percent-encoded bytes in the parts that we encode.
fn parse(url: &str) -> [String; 6] {
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let (authority, path) = rest.split_once('/').expect("a path");
    let (userinfo, address) = authority.split_once('@').expect("credentials");
    let (user, password) = userinfo.split_once(':').expect("a password");
    let (host, port) = address.rsplit_once(':').expect("a port");
    [
        scheme.to_owned(),
        decode(user),
        decode(password),
        host.to_owned(),
        port.to_owned(),
        decode(path),
    ]
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits =
                [rest.next(), rest.next()].map(|digit| char::from(digit.expect("two digits")));
            let upper = digits
                .iter()
                .all(|c| c.is_ascii_digit() || ('A'..='F').contains(c));
            assert!(
                upper,
                "% is followed by two upper-case hexadecimal digits in {text}"
            );
            bytes.push(u8::from_str_radix(&String::from_iter(digits), 16).expect("hexadecimal"));
        } else {
            assert!(
                byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
                "unreserved in {text}"
            );
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn hostile_passwords_survive_strict_parsers() {
    for password in HOSTILE {
        let request = request(password);
        let variables = MysqlDriver::mariadb().variables(&request);
        let name = format!("svc_{}", short(request.instance));
        let user = format!("{name}_3");
        for variable in ["DEFAULT_DATABASE_DSN", "DATABASE_URL"] {
            let url = value(&variables, variable);
            let parts = parse(url);
            assert_eq!(
                parts,
                ["mysql", &user, password, "db.internal", "6543", &name].map(str::to_owned)
            );
            let options = MySqlConnectOptions::from_str(url).expect("the client reads it");
            assert_eq!(options.get_username(), user);
            assert_eq!(options.get_database(), Some(&*name));
            assert_eq!(
                (options.get_host(), options.get_port()),
                ("db.internal", 6543)
            );
        }
        assert_eq!(
            value(&variables, "DEFAULT_DATABASE_PASSWORD"),
            password,
            "parts are not encoded"
        );
        assert_eq!(value(&variables, "DEFAULT_DATABASE_HOST"), "db.internal");
        assert_eq!(value(&variables, "DEFAULT_DATABASE_PORT"), "6543");
        assert_eq!(value(&variables, "DEFAULT_DATABASE_NAME"), name);
        assert_eq!(value(&variables, "DEFAULT_DATABASE_USER"), user);
        assert_eq!(value(&variables, "DEFAULT_DATABASE_ENGINE"), "mysql");
    }
}

#[test]
fn schemes_addresses_and_encryption_have_their_forms() {
    let url = |request: &VariableRequest| {
        value(&MysqlDriver::mariadb().variables(request), "DATABASE_URL").to_owned()
    };
    let mut request = request("Abc");
    for scheme in URL_SCHEMES {
        request.url_scheme = Some(scheme.to_owned());
        assert_eq!(parse(&url(&request))[0], scheme);
    }
    request.url_scheme = None;
    for tls in [Tls::Off, Tls::Require, Tls::Verify] {
        request.tls = tls;
        // No key for encryption is known to more than one client.
        let url = url(&request);
        assert!(
            url.ends_with(&format!("/svc_{}", short(request.instance))),
            "{url}"
        );
    }
    request.tls = Tls::Off;
    request.endpoint.host = "fd00::1".to_owned();
    assert!(
        url(&request).contains("@[fd00::1]:6543/"),
        "{}",
        url(&request)
    );
    assert_eq!(
        value(
            &MysqlDriver::mariadb().variables(&request),
            "DEFAULT_DATABASE_HOST"
        ),
        "fd00::1"
    );
}

#[test]
fn only_the_default_prefix_has_the_alias() {
    let driver = MysqlDriver::mariadb();
    let names = |prefix: &str| {
        let names = driver.variable_names(&prefix.parse().expect("a prefix"), None);
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(names("DEFAULT").contains(&"DATABASE_URL".to_owned()));
    assert_eq!(
        names("REPORTS"),
        ["DSN", "HOST", "PORT", "NAME", "USER", "PASSWORD", "ENGINE"]
            .map(|part| format!("REPORTS_DATABASE_{part}"))
    );
}

#[tokio::test]
async fn hostile_passwords_log_in_by_their_urls() {
    let server = shared().await;
    let fixture = Mysql::prepared().await;
    let spec = spec();
    fixture
        .driver
        .provision(&fixture.access, &spec)
        .await
        .expect("provision");
    for (generation, password) in (1..).zip(HOSTILE) {
        let binding = BindingSpec {
            binding: BindingId::from(Uuid::now_v7()),
            generation,
            password: SecretString::from(password),
        };
        fixture
            .driver
            .bind(&fixture.access, &spec, &binding)
            .await
            .expect("bind");
        let variables = fixture.variables(&spec, &binding);
        connect(&dsn(&variables))
            .await
            .expect("this client logs in");
        // MariaDB's own client, over the network inside the container: a password is needed there as well.
        let user = value(&variables, "DEFAULT_DATABASE_USER");
        let shown = server.exec(&[
            "mariadb",
            "--no-defaults",
            "--host=127.0.0.1",
            &format!("--user={user}"),
            &format!("--password={password}"),
            "--batch",
            "--skip-column-names",
            "--execute=SELECT CURRENT_USER()",
            value(&variables, "DEFAULT_DATABASE_NAME"),
        ]);
        let shown = shown.expect("the server's own client logs in");
        assert_eq!(shown.trim(), format!("{user}@%"));
    }
    fixture.destroy(&spec).await;
}
