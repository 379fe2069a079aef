//! Administrators that do and that do not do, and servers that cannot be used.

use std::time::Duration;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use windlass_service_drivers::garage::GarageDriver;
use windlass_services::{Access, Driver, Endpoint, Error, Tls};

use crate::fixture::{Garage, spec};
use crate::imposter::{Imposter, answer};
use crate::server::{NEEDED, Server, shared};

#[tokio::test]
async fn a_token_for_the_needed_requests_does() {
    let server = shared().await;
    let fixture = Garage::new(server, server.token(&NEEDED).await);
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.prepare(access).await.expect("prepare");
    let (spec, binding) = fixture.made().await;
    driver.provision(access, &spec).await.expect("provision");
    driver.bind(access, &spec, &binding).await.expect("bind");
    let tenant = fixture.tenant(&spec, &binding);
    assert!(tenant.put("key", "value").await.status.is_success());
    driver.check(access, spec.instance).await.expect("check");
    driver.usage(access, spec.instance).await.expect("usage");
    driver.list(access).await.expect("list");
    let unbound = driver.unbind(access, spec.instance, 1).await;
    unbound.expect("unbind");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_token_with_less_than_is_needed_is_unauthorized() {
    let server = shared().await;
    let lacks = |missing: &str| -> Vec<&'static str> {
        let all = NEEDED.iter().copied();
        all.filter(|name| *name != missing).collect()
    };
    let access = server.token(&lacks("GetClusterStatus")).await;
    let prepared = GarageDriver::new().prepare(&access).await;
    assert!(
        matches!(prepared, Err(Error::Unauthorized { .. })),
        "{prepared:?}"
    );
    let access = server.token(&lacks("CreateBucket")).await;
    let fixture = Garage::new(server, access);
    let spec = spec();
    let (driver, access) = (&fixture.driver, &fixture.access);
    let error = driver.provision(access, &spec).await;
    let error = error.expect_err("it may make no bucket");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let server = shared().await;
    let driver = GarageDriver::new();
    let prepare = async |access: Access| {
        let prepared = driver.prepare(&access).await;
        prepared.expect_err("this access does not work")
    };
    let access = || server.administrator.clone();

    for tls in [Tls::Require, Tls::Verify] {
        let error = prepare(Access { tls, ..access() }).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("without TLS"), "{error}");
    }
    for token in ["wrong", "", "with.prefix", "with blank"] {
        let password = SecretString::from(token);
        let error = prepare(Access {
            password,
            ..access()
        })
        .await;
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
    let endpoint = Endpoint {
        host: "no-such-host.invalid".to_owned(),
        port: 3903,
    };
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let place = "no-such-host.invalid:3903";
    assert!(error.to_string().contains(place), "{error}");
    // The administration answers and S3 does not.
    let error = prepare(Access {
        application_port: 9,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("S3 at port 9"), "{error}");
    // The administration in the place of S3, and the other way round.
    let error = prepare(Access {
        application_port: access().endpoint.port,
        ..access()
    })
    .await;
    assert!(error.to_string().contains("no S3 at port"), "{error}");
    let error = prepare(Access {
        endpoint: server.applications(),
        ..access()
    })
    .await;
    assert!(!matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_after_the_time_out() {
    // It accepts the connection, as the kernel does for it, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = shared().await;
    let endpoint = Endpoint {
        host: "127.0.0.1".to_owned(),
        port: silent.local_addr().expect("an address").port(),
    };
    let access = Access {
        endpoint,
        ..server.administrator.clone()
    };
    let fixture = Garage::new(server, access);
    let spec = spec();
    let call = fixture.driver.provision(&fixture.access, &spec);
    let answer = tokio::time::timeout(Duration::from_secs(30), call).await;
    let error = answer
        .expect("there is a time-out")
        .expect_err("nobody answers");
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let words = "gave no answer within 15s";
    assert!(error.to_string().contains(words), "{error}");
}

fn status(version: &str) -> String {
    let node = json!({ "id": "ab", "isUp": true, "garageVersion": version });
    json!({ "layoutVersion": 1, "nodes": [node] }).to_string()
}

#[tokio::test]
async fn versions_that_are_not_supported_are_refused() {
    let server = shared().await;
    for version in ["v2.1.0", "v1.3.1", "v3.0.0", "git:abcdef"] {
        let answers = vec![("GetClusterStatus", answer("200 OK", &status(version)))];
        let imposter = Imposter::start(&server.administrator, answers).await;
        let error = GarageDriver::new().prepare(&imposter.access).await;
        let error = error.expect_err("not supported");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        let words = format!("Garage {version}; versions 2.3 to 2.x are supported");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[tokio::test]
async fn another_region_and_a_full_disk_are_refused() {
    let server = shared().await;
    let absent = json!({ "code": "InvalidRequest", "message": "no id", "region": "eu-west-1" });
    let answers = vec![
        ("GetClusterStatus", answer("200 OK", &status("v2.5.0"))),
        ("GetKeyInfo", answer("400 Bad Request", &absent.to_string())),
    ];
    let imposter = Imposter::start(&server.administrator, answers).await;
    let error = GarageDriver::new().prepare(&imposter.access).await;
    let error = error.expect_err("applications are told another");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(
        error.to_string().contains("s3_region = \"garage\""),
        "{error}"
    );

    let space = json!({ "available": 1000, "total": 1_000_000 });
    let node =
        json!({ "id": "ab", "isUp": true, "garageVersion": "v2.5.0", "dataPartition": space });
    let full = json!({ "layoutVersion": 1, "nodes": [node] }).to_string();
    let absent = json!({ "code": "InvalidRequest", "message": "no id", "region": "garage" });
    let answers = vec![
        ("GetClusterStatus", answer("200 OK", &full)),
        ("GetKeyInfo", answer("400 Bad Request", &absent.to_string())),
        (
            "GetClusterHealth",
            answer("200 OK", r#"{"status":"healthy"}"#),
        ),
    ];
    let imposter = Imposter::start(&server.administrator, answers).await;
    let error = GarageDriver::new().prepare(&imposter.access).await;
    let error = error.expect_err("nobody can write");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
}

#[tokio::test]
async fn another_program_at_the_address_is_not_taken_for_an_empty_server() {
    let server = shared().await;
    let moved = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    for (wrong, unreachable) in [
        (answer("404 Not Found", "<h1>Not Found</h1>"), false),
        (
            answer("404 Not Found", r#"{"error":"Object Not Found"}"#),
            false,
        ),
        (answer("200 OK", "<h1>Welcome</h1>"), false),
        (moved.to_owned(), false),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), true),
        (answer("503 Service Unavailable", ""), true),
    ] {
        let imposter = Imposter::start(&server.administrator, vec![("/v2/", wrong)]).await;
        let fixture = Garage::new(server, imposter.access.clone());
        let spec = spec();
        let (driver, access) = (&fixture.driver, &fixture.access);
        for result in [
            driver.destroy(access, spec.instance).await,
            driver.unbind(access, spec.instance, 1).await,
            driver.provision(access, &spec).await,
            driver.prepare(access).await,
        ] {
            let error = result.expect_err("this is no Garage");
            let is_unreachable = matches!(error, Error::Unreachable { .. });
            assert_eq!(is_unreachable, unreachable, "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_new_server_gets_its_layout_once_and_an_operators_is_left_alone() {
    let server = Server::start_bare();
    server.until_it_answers().await;
    let driver = GarageDriver::new();
    let layout = async || server.look("GetClusterLayout").await;
    assert_eq!(layout().await["version"], 0);

    // What was staged for another node is not ours to apply.
    let other = "ab".repeat(32);
    let role = json!({ "id": other, "zone": "z", "capacity": 1_000_000_000_u64, "tags": [] });
    server
        .post("UpdateClusterLayout", json!({ "roles": [role] }))
        .await;
    let error = driver.prepare(&server.administrator).await;
    let error = error.expect_err("an operator is at work");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("garage layout apply"), "{error}");
    assert_eq!(layout().await["version"], 0);
    server.post("RevertClusterLayout", Value::Null).await;

    // Staged by us before a crash, and by several at once.
    let status = server.look("GetClusterStatus").await;
    let own = &status["nodes"][0]["id"];
    let role = json!({ "id": own, "zone": "windlass", "capacity": 1_u64 << 40, "tags": [] });
    server
        .post("UpdateClusterLayout", json!({ "roles": [role] }))
        .await;
    let prepare = || async {
        let prepared = driver.prepare(&server.administrator).await;
        prepared.expect("prepare");
    };
    tokio::join!(prepare(), prepare(), prepare());
    let applied = layout().await;
    assert_eq!(applied["version"], 1, "{applied}");
    assert_eq!(applied["roles"][0]["zone"], "windlass", "{applied}");
    prepare().await;
    assert_eq!(layout().await["version"], 1);
    let (healthy, _) = server
        .ask(Method::GET, "GetClusterHealth", Value::Null)
        .await;
    assert!(healthy.is_success(), "{healthy}");
}

#[tokio::test]
async fn secrets_are_in_the_servers_environment_alone() {
    let server = shared().await;
    let token = server.administrator.password.expose_secret();
    let words = server.exec(&["cat", "/proc/1/cmdline"]);
    assert!(words.starts_with("/garage\0server"), "{words}");
    let configuration = server.exec(&["cat", "/etc/garage.toml"]);
    assert!(
        configuration.contains("s3_region = \"garage\""),
        "{configuration}"
    );
    for place in [words, configuration, server.log()] {
        assert!(!place.contains(token));
    }
}
