//! The variables, as a real client library reads them.

use lapin::uri::AMQPScheme;
use secrecy::SecretString;
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId};
use windlass_model::names::Prefix;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_services::{BindingSpec, Driver, Endpoint, Tls, VariableRequest};

use crate::amqp::{Amqp, parse};
use crate::fixture::{Rabbitmq, name, spec, value};
use crate::server::shared;

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
            host: "mq.internal".to_owned(),
            port: 6543,
        },
        tls: Tls::Off,
        url_scheme: None,
        profile: None,
        media_host: None,
    }
}

#[test]
fn the_url_says_what_the_parts_say() {
    for password in HOSTILE {
        let request = request(password);
        let variables = RabbitmqDriver::new().variables(&request);
        let url = value(&variables, "DEFAULT_AMQP_BROKER_URL");
        assert_eq!(value(&variables, "BROKER_URL"), url);
        let uri = parse(url);
        assert_eq!(uri.scheme, AMQPScheme::AMQP);
        assert_eq!(uri.authority.userinfo.password, password);
        assert_eq!(value(&variables, "DEFAULT_AMQP_PASSWORD"), password);
        let user = format!("{}-3", name(request.instance));
        assert_eq!(uri.authority.userinfo.username, user);
        assert_eq!(value(&variables, "DEFAULT_AMQP_USER"), user);
        assert_eq!(uri.vhost, name(request.instance));
        assert_eq!(value(&variables, "DEFAULT_AMQP_VHOST"), uri.vhost);
        assert_eq!(uri.authority.host, "mq.internal");
        assert_eq!(value(&variables, "DEFAULT_AMQP_HOST"), "mq.internal");
        assert_eq!(uri.authority.port, 6543);
        assert_eq!(value(&variables, "DEFAULT_AMQP_PORT"), "6543");
    }
}

#[test]
fn encryption_is_the_scheme_and_ipv6_is_in_brackets() {
    let mut request = request("Abc");
    request.endpoint.host = "fd00::1".to_owned();
    for (tls, start) in [
        (Tls::Off, "amqp://svc-"),
        (Tls::Require, "amqps://svc-"),
        (Tls::Verify, "amqps://svc-"),
    ] {
        request.tls = tls;
        let variables = RabbitmqDriver::new().variables(&request);
        let url = value(&variables, "BROKER_URL");
        assert!(url.starts_with(start), "{url}");
        assert!(url.contains("@[fd00::1]:6543/svc-"), "{url}");
        assert_eq!(value(&variables, "DEFAULT_AMQP_HOST"), "fd00::1");
    }
}

#[test]
fn only_the_default_prefix_has_the_alias() {
    let driver = RabbitmqDriver::new();
    let names = |prefix: &str| {
        let names = driver.variable_names(&prefix.parse().expect("a prefix"), None);
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(names("DEFAULT").contains(&"BROKER_URL".to_owned()));
    let parts = ["BROKER_URL", "HOST", "PORT", "VHOST", "USER", "PASSWORD"];
    assert_eq!(
        names("REPORTS"),
        parts.map(|part| format!("REPORTS_AMQP_{part}"))
    );
}

#[tokio::test]
async fn hostile_passwords_log_in_by_their_urls() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let spec = spec();
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    for (generation, password) in (1..).zip(HOSTILE) {
        let binding = BindingSpec {
            binding: BindingId::from(Uuid::now_v7()),
            generation,
            password: SecretString::from(password),
        };
        let bound = fixture.driver.bind(&fixture.access, &spec, &binding).await;
        bound.expect("bind");
        let variables = fixture.variables(&spec, &binding);
        let connected = Amqp::connect(parse(value(&variables, "BROKER_URL"))).await;
        connected.expect("this client logs in");
    }
    fixture.destroy(&spec).await;
}
