//! What a crash, of ours or of the server, leaves behind.

use http::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use windlass_services::conformance::Fixture as _;
use windlass_services::{Driver, Error};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::fixture::{Rabbitmq, name, spec};
use crate::server::shared;

#[tokio::test]
async fn a_virtual_host_with_its_mark_alone_is_made_whole() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let whole = fixture.traces(spec.instance).await;
    let name = name(spec.instance);
    for path in [
        format!("vhost-limits/{name}/max-connections"),
        format!("vhost-limits/{name}/max-queues"),
        format!("operator-policies/{name}/windlass"),
        format!("permissions/{name}/{name}-1"),
    ] {
        let (status, answer) = server.administer(Method::DELETE, &path, Value::Null).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
    }
    assert_ne!(fixture.traces(spec.instance).await, whole);
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.provision(access, &spec).await.expect("provision");
    driver.bind(access, &spec, &binding).await.expect("bind");
    assert_eq!(fixture.traces(spec.instance).await, whole);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_virtual_host_that_does_not_run_is_found_and_started() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding).await;
    tenant.publish("kept", "yes").await.expect("publish");
    let stop = format!(
        "[Found] = ets:lookup(rabbit_vhost_sup_sup, <<\"{}\">>),
         supervisor:terminate_child(rabbit_vhost_sup_sup, element(4, Found)).",
        name(spec.instance)
    );
    server.control(&["eval", &stop]);
    let (driver, access) = (&fixture.driver, &fixture.access);
    let error = driver.check(access, spec.instance).await;
    let error = error.expect_err("it does not run");
    let words = "does not run on rabbit@localhost";
    assert!(error.to_string().contains(words), "{error}");
    driver.provision(access, &spec).await.expect("provision");
    driver.check(access, spec.instance).await.expect("it runs");
    let tenant = fixture.tenant(&spec, &binding).await;
    let kept = tenant.peek("kept").await.expect("get");
    assert_eq!(kept.as_deref(), Some("yes"));
    fixture.destroy(&spec).await;
}

/// Sends what a provision begins with and is gone before the answer, as a killed process is.
#[tokio::test]
async fn a_request_whose_client_is_gone_is_mended() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let password = access.password.expose_secret();
    let credentials = STANDARD.encode(format!("{}:{password}", access.user));
    for _ in 0..20 {
        let spec = spec();
        let mark = format!("windlass instance {} connections 20: ", spec.instance);
        let body = json!({ "description": mark }).to_string();
        let (path, length) = (name(spec.instance), body.len());
        let request = format!(
            "PUT /api/vhosts/{path} HTTP/1.1\r\nhost: x\r\nauthorization: Basic {credentials}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let address = (access.endpoint.host.as_str(), access.endpoint.port);
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        let sent = connection.write_all(request.as_bytes()).await;
        sent.expect("the request is sent");
        drop(connection);
        driver.provision(access, &spec).await.expect("provision");
        driver.check(access, spec.instance).await.expect("check");
        let binding = fixture.bound(&spec, 1).await;
        let tenant = fixture.tenant(&spec, &binding).await;
        tenant.publish("key", "value").await.expect("publish");
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn users_without_a_virtual_host_are_destroyed_by_their_mark() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let name = name(spec.instance);
    let foreign = format!("users/{name}-7");
    let body = json!({ "password": "their-own", "tags": "" });
    server.put(&foreign, body).await;
    let (status, _) = server
        .administer(Method::DELETE, &format!("vhosts/{name}"), Value::Null)
        .await;
    assert!(status.is_success(), "{status}");
    let (driver, access) = (&fixture.driver, &fixture.access);
    let bound = driver.bind(access, &spec, &binding).await;
    assert!(matches!(bound, Err(Error::Missing { .. })), "{bound:?}");
    let unbound = driver.unbind(access, spec.instance, 7).await;
    assert!(
        matches!(unbound, Err(Error::Conflict { .. })),
        "{unbound:?}"
    );
    driver
        .destroy(access, spec.instance)
        .await
        .expect("destroy");
    let traces = fixture.traces(spec.instance).await;
    assert_eq!(traces.len(), 1, "{traces:?}");
    assert!(traces[0].contains(&format!("{name}-7")), "{traces:?}");
    let (status, _) = server
        .administer(Method::DELETE, &foreign, Value::Null)
        .await;
    assert!(status.is_success(), "{status}");
}
