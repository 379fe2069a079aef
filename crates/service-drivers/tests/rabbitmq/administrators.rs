//! Administrators that do and that do not do, and servers that cannot be used.

use std::time::Duration;

use http::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use windlass_services::{Access, Driver, Endpoint, Error, Tls};

use crate::fixture::{Rabbitmq, spec};
use crate::imposter::{Imposter, answer};
use crate::server::{Server, shared};

#[tokio::test]
async fn a_user_without_the_tag_is_told_so() {
    let server = shared().await;
    let access = server.user("monitoring").await;
    let fixture = Rabbitmq::new(server, access);
    let error = fixture.driver.prepare(&fixture.access).await;
    let error = error.expect_err("it may only look");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let remedy = format!(
        "rabbitmqctl set_user_tags '{}' administrator",
        fixture.access.user
    );
    assert!(error.to_string().contains(&remedy), "{error}");
    let error = fixture.driver.provision(&fixture.access, &spec()).await;
    let error = error.expect_err("it may only look");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(
        error.to_string().contains("Not administrator user"),
        "{error}"
    );

    let fixture = Rabbitmq::new(server, server.user("").await);
    let error = fixture.driver.prepare(&fixture.access).await;
    let error = error.expect_err("it may not even look");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let prepare = async |access: Access| {
        let prepared = fixture.driver.prepare(&access).await;
        prepared.expect_err("this access does not work")
    };
    let access = || fixture.access.clone();

    for tls in [Tls::Require, Tls::Verify] {
        let error = prepare(Access { tls, ..access() }).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("without TLS"), "{error}");
    }
    let endpoint = Endpoint {
        host: "no-such-host.invalid".to_owned(),
        port: 15672,
    };
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let place = "no-such-host.invalid:15672";
    assert!(error.to_string().contains(place), "{error}");
    // The applications' port, where AMQP is spoken.
    let endpoint = server.applications();
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
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
    let fixture = Rabbitmq::new(server, access);
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

#[tokio::test]
async fn versions_that_are_not_supported_are_refused() {
    let server = shared().await;
    for version in ["3.9.29", "3.10.6", "5.0.0"] {
        let own = answer("200 OK", r#"{"name":"windlass","tags":["administrator"]}"#);
        let overview = answer(
            "200 OK",
            &json!({ "rabbitmq_version": version }).to_string(),
        );
        let answers = vec![("/api/whoami", own), ("/api/overview", overview)];
        let imposter = Imposter::start(&server.administrator, answers).await;
        let fixture = Rabbitmq::new(server, imposter.access.clone());
        let error = fixture.driver.prepare(&fixture.access).await;
        let error = error.expect_err("not supported");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        let words = format!("RabbitMQ {version}; versions 3.10.7 to 4.x are supported");
        assert!(error.to_string().contains(&words), "{error}");
    }
}

#[tokio::test]
async fn another_program_at_the_address_is_not_taken_for_an_empty_server() {
    let server = shared().await;
    let moved = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {0}\r\nconnection: close\r\n\r\n{1}",
        20_000_000,
        "[".repeat(20_000_000)
    );
    for (wrong, unreachable) in [
        (answer("404 Not Found", "<h1>Not Found</h1>"), false),
        (answer("200 OK", "<h1>Welcome</h1>"), false),
        (moved.to_owned(), false),
        (endless, true),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), true),
        (answer("503 Service Unavailable", ""), true),
    ] {
        let imposter = Imposter::start(&server.administrator, vec![("/api/", wrong)]).await;
        let fixture = Rabbitmq::new(server, imposter.access.clone());
        let spec = spec();
        let (driver, access) = (&fixture.driver, &fixture.access);
        for result in [
            driver.destroy(access, spec.instance).await,
            driver.unbind(access, spec.instance, 1).await,
            driver.provision(access, &spec).await,
            driver.prepare(access).await,
        ] {
            let error = result.expect_err("this is no RabbitMQ");
            let is_unreachable = matches!(error, Error::Unreachable { .. });
            assert_eq!(is_unreachable, unreachable, "{error:?}");
        }
    }
}

#[tokio::test]
async fn open_guests_and_alarms_are_reported() {
    let server: &'static Server = Box::leak(Box::new(Server::start().await));
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let prepare = async || fixture.driver.prepare(&fixture.access).await;
    assert_eq!(server.look("users/guest").await, Value::Null);

    // From this machine to the container, which is not its loopback.
    let guest = json!({ "password": "guest", "tags": "administrator" });
    server.put("users/guest", guest).await;
    prepare().await.expect("a guest of the container alone");
    server.control(&["eval", "application:set_env(rabbit, loopback_users, [])."]);
    let error = prepare().await.expect_err("everybody may be a guest");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("delete_user guest"), "{error}");
    let guest = Access {
        user: "guest".to_owned(),
        password: SecretString::from("guest"),
        ..fixture.access.clone()
    };
    let error = fixture.driver.prepare(&guest).await;
    let error = error.expect_err("even if it is the administrator");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let other = json!({ "password": "another", "tags": "administrator" });
    server.put("users/guest", other).await;
    prepare().await.expect("a guest with a password of its own");

    let (spec, _) = fixture.made().await;
    server.control(&["set_vm_memory_high_watermark", "0.00001"]);
    let alarms = async || {
        let all = server.administer(Method::GET, "health/checks/alarms", Value::Null);
        all.await.0 != StatusCode::OK
    };
    while !alarms().await {
        tokio::task::yield_now().await;
    }
    let error = prepare().await.expect_err("nobody can publish");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("memory"), "{error}");
    let error = fixture.driver.check(&fixture.access, spec.instance).await;
    let error = error.expect_err("its applications cannot publish");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    // What makes room again is still done.
    fixture.destroy(&spec).await;
}
