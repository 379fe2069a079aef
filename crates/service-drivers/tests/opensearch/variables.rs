//! The variables, as real client libraries read them.

use std::path::Path;
use std::process::Command;

use secrecy::SecretString;
use url::Url;
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId};
use windlass_model::names::Prefix;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_services::{BindingSpec, Driver, Endpoint, Tls, VariableRequest};

use crate::fixture::{Opensearch, name, spec, value};
use crate::server::shared;

const HOSTILE: [&str; 7] = [
    "p@s/:s?w#%+ &=[e]~.-_!$'()*,;",
    "p@s/:s?w#%+ &=[é]~.-_!$'()*,;",
    "100%-%41%2f",
    "a:b@c/d?e#f",
    " leading and trailing ",
    "back\\slash\"quote'",
    "++++日本語🔑",
];

fn request(password: &str) -> VariableRequest {
    VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: InstanceId::from(Uuid::now_v7()),
        generation: 3,
        password: SecretString::from(password),
        endpoint: Endpoint {
            host: "search.internal".to_owned(),
            port: 6543,
        },
        tls: Tls::Off,
        url_scheme: None,
        profile: None,
        media_host: None,
    }
}

#[test]
fn the_urls_say_what_the_parts_say() {
    for driver in [
        OpensearchDriver::opensearch(),
        OpensearchDriver::elasticsearch(),
    ] {
        for password in HOSTILE {
            let request = request(password);
            let variables = driver.variables(&request);
            let prefix = value(&variables, "DEFAULT_ELASTICSEARCH_INDEX_PREFIX");
            assert_eq!(prefix, format!("{}-", name(request.instance)));
            assert_eq!(
                value(&variables, "DEFAULT_ELASTICSEARCH_PASSWORD"),
                password
            );
            assert_eq!(value(&variables, "SPRING_ELASTICSEARCH_PASSWORD"), password);
            let user = format!("{prefix}3");
            for name in [
                "DEFAULT_ELASTICSEARCH_USER",
                "SPRING_ELASTICSEARCH_USERNAME",
            ] {
                assert_eq!(value(&variables, name), user);
            }
            for (name, scheme, path) in [
                ("DEFAULT_ELASTICSEARCH_URL", "http", "/".to_owned()),
                ("ELASTICSEARCH_URL", "http", "/".to_owned()),
                ("SEARCH_URL", "elasticsearch7", format!("/{prefix}default")),
                ("DEFAULT_HAYSTACK_URL", "es+http", format!("/{prefix}*")),
            ] {
                let url = Url::parse(value(&variables, name)).expect("a URL");
                assert_eq!(url.scheme(), scheme);
                assert_eq!(url.username(), user);
                let encoded = windlass_model::percent::encode(password);
                assert_eq!(url.password(), Some(encoded.as_str()));
                assert_eq!(
                    (url.host_str(), url.port()),
                    (Some("search.internal"), Some(6543))
                );
                assert_eq!(url.path(), path);
            }
            let uris = value(&variables, "SPRING_ELASTICSEARCH_URIS");
            assert_eq!(uris, "http://search.internal:6543");
        }
    }
}

#[test]
fn encryption_is_the_scheme_and_ipv6_is_in_brackets() {
    let mut request = request("Abc");
    request.endpoint.host = "fd00::1".to_owned();
    for (tls, scheme, search) in [
        (Tls::Off, "http", "elasticsearch7://svc-"),
        (Tls::Require, "https", "elasticsearch7s://svc-"),
        (Tls::Verify, "https", "elasticsearch7s://svc-"),
    ] {
        request.tls = tls;
        let variables = OpensearchDriver::opensearch().variables(&request);
        let url = value(&variables, "OPENSEARCH_URL");
        assert!(url.starts_with(&format!("{scheme}://svc-")), "{url}");
        assert!(url.ends_with("@[fd00::1]:6543"), "{url}");
        assert_eq!(value(&variables, "DEFAULT_ELASTICSEARCH_SCHEME"), scheme);
        assert_eq!(value(&variables, "DEFAULT_ELASTICSEARCH_HOST"), "fd00::1");
        let url = value(&variables, "SEARCH_URL");
        assert!(url.starts_with(search), "{url}");
    }
}

#[test]
fn only_the_default_prefix_has_the_aliases() {
    let names = |driver: OpensearchDriver, prefix: &str| {
        let names = driver.variable_names(&prefix.parse().expect("a prefix"), None);
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let own = names(OpensearchDriver::opensearch(), "REPORTS");
    assert!(
        own.iter().all(|name| name.starts_with("REPORTS_")),
        "{own:?}"
    );
    let own = names(OpensearchDriver::opensearch(), "DEFAULT");
    assert!(own.contains(&"OPENSEARCH_URL".to_owned()));
    let own = names(OpensearchDriver::elasticsearch(), "DEFAULT");
    assert!(own.contains(&"ELASTICSEARCH_URL".to_owned()));
    assert!(!own.contains(&"OPENSEARCH_URL".to_owned()));
}

/// Python's own client: makes an index, searches and scans it by the URL alone. Passwords that are not ASCII are left
/// out: client, server and hash each have an encoding of their own for them. Ours are letters and digits.
#[tokio::test]
async fn a_real_client_works_with_hostile_passwords() {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    let prepared = Command::new(here.join("../../../scripts/prepare-libraries")).output();
    let prepared = prepared.expect("the libraries are prepared");
    let interpreter = String::from_utf8(prepared.stdout).expect("a path");
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let spec = spec();
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    for (generation, password) in
        (1..).zip(HOSTILE.into_iter().filter(|password| password.is_ascii()))
    {
        let binding = BindingSpec {
            binding: BindingId::from(Uuid::now_v7()),
            generation,
            password: SecretString::from(password),
        };
        let bound = fixture.driver.bind(&fixture.access, &spec, &binding).await;
        bound.expect("bind");
        let variables = fixture.variables(&spec, &binding);
        let mut client = Command::new(interpreter.trim());
        client.arg(here.join("opensearch/client.py"));
        for name in ["OPENSEARCH_URL", "DEFAULT_ELASTICSEARCH_INDEX_PREFIX"] {
            client.env(name, value(&variables, name));
        }
        let ran = client.output().expect("python runs");
        let said = String::from_utf8_lossy(&ran.stdout);
        let complained = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(said.trim(), "10 found", "{password}: {complained}");
    }
    fixture.destroy(&spec).await;
}
