//! What a crash, a person or a full disk leaves behind.

use http::Method;
use serde_json::{Value, json};
use windlass_services::conformance::Fixture as _;
use windlass_services::{Driver, Error};

use crate::fixture::{Opensearch, name, spec};
use crate::server::shared;

#[tokio::test]
async fn what_was_changed_by_hand_is_set_again() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let whole = fixture.traces(spec.instance).await;
    let (name, api) = (name(spec.instance), "_plugins/_security/api");
    let role =
        json!({ "description": format!("windlass instance {} connections 20: ", spec.instance) });
    server.put(&format!("{api}/roles/{name}"), role).await;
    let user = json!({
        "password": "Another-and-very-long-0123456789",
        "attributes": {
            "windlass_instance": spec.instance.to_string(),
            "windlass_binding": binding.binding.to_string(),
        },
    });
    server
        .put(&format!("{api}/internalusers/{name}-1"), user)
        .await;
    let tenant = fixture.tenant(&spec, &binding);
    let index = format!("{name}-data");
    assert!(tenant.write(&index, "key", "value").await.is_err());
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.provision(access, &spec).await.expect("provision");
    driver.bind(access, &spec, &binding).await.expect("bind");
    assert_eq!(fixture.traces(spec.instance).await, whole);
    tenant.write(&index, "key", "value").await.expect("write");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn users_without_a_role_are_destroyed_by_their_mark() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let (name, api) = (name(spec.instance), "_plugins/_security/api");
    let foreign = format!("{api}/internalusers/{name}-7");
    let body = json!({ "password": "Their-own-and-very-long-0123" });
    server.put(&foreign, body).await;
    server.delete(&format!("{api}/roles/{name}")).await;
    let (driver, access) = (&fixture.driver, &fixture.access);
    let bound = driver.bind(access, &spec, &binding).await;
    assert!(matches!(bound, Err(Error::Missing { .. })), "{bound:?}");
    let unbound = driver.unbind(access, spec.instance, 7).await;
    assert!(
        matches!(unbound, Err(Error::Conflict { .. })),
        "{unbound:?}"
    );
    let destroyed = driver.destroy(access, spec.instance).await;
    destroyed.expect("destroy");
    let traces = fixture.traces(spec.instance).await;
    assert_eq!(traces.len(), 1, "{traces:?}");
    assert!(traces[0].contains(&format!("{name}-7")), "{traces:?}");
    server.delete(&foreign).await;
}

#[tokio::test]
async fn indices_without_a_role_are_somebody_elses() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (driver, access, spec) = (&fixture.driver, &fixture.access, spec());
    let index = format!("{}-theirs", name(spec.instance));
    let root = server.root();
    root.write(&index, "key", "value").await.expect("write");
    for result in [
        driver.provision(access, &spec).await,
        driver.destroy(access, spec.instance).await,
    ] {
        let error = result.expect_err("it is not known whose they are");
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
        assert!(error.to_string().contains(&index), "{error}");
    }
    let kept = root.read(&index, "key").await.expect("read");
    assert_eq!(kept.as_deref(), Some("value"));
    root.done(Method::DELETE, &index, Value::Null).await;
}

#[tokio::test]
async fn indices_of_every_sort_are_destroyed_and_aliases_lead_nowhere() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let (name, root) = (name(spec.instance), server.root());
    let tenant = fixture.tenant(&spec, &binding);
    let few = json!({ "settings": { "number_of_shards": 1 } });
    for number in 0..20 {
        let index = format!("{name}-{number}-%C3%BC{}", "x".repeat(150));
        tenant.done(Method::PUT, &index, few.clone()).await;
    }
    let hidden = json!({ "settings": { "index.hidden": true } });
    tenant
        .done(Method::PUT, &format!("{name}-hidden"), hidden)
        .await;
    let closed = format!("{name}-closed");
    tenant.write(&closed, "key", "value").await.expect("write");
    tenant
        .done(Method::POST, &format!("{closed}/_close"), Value::Null)
        .await;
    // An operator's template that makes streams of what is called so, and an operator's alias.
    let template = json!({
        "index_patterns": [format!("{name}-stream*")],
        "data_stream": {},
        "priority": 500,
        "template": { "settings": { "number_of_shards": 1 } },
    });
    let template_path = format!("_index_template/{name}-operators");
    root.done(Method::PUT, &template_path, template).await;
    let stream = format!("{name}-stream");
    let event = json!({ "@timestamp": "2026-01-01T00:00:00Z" });
    root.done(Method::POST, &format!("{stream}/_doc"), event)
        .await;
    let other = format!("other-{}", name.trim_start_matches("svc-"));
    root.write(&other, "key", "value").await.expect("write");
    let alias = format!("{other}/_alias/{name}-alias");
    root.done(Method::PUT, &alias, Value::Null).await;

    let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
    let usage = usage.expect("usage");
    assert!(usage.bytes > 0, "{usage:?}");
    assert_eq!(usage.connections, 0);
    let checked = fixture.driver.check(&fixture.access, spec.instance).await;
    checked.expect("check");
    fixture.destroy(&spec).await;
    let kept = root.read(&other, "key").await.expect("read");
    assert_eq!(kept.as_deref(), Some("value"), "the alias's index is kept");
    root.done(Method::DELETE, &other, Value::Null).await;
    root.done(Method::DELETE, &template_path, Value::Null).await;
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_one() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let index = format!("{}-data", name(spec.instance));
    let tenant = fixture.tenant(&spec, &binding);
    tenant.write(&index, "key", "value").await.expect("write");
    // As the server does it when the disk is nearly full.
    let block = json!({ "index.blocks.read_only_allow_delete": true });
    server
        .root()
        .done(Method::PUT, &format!("{index}/_settings"), block)
        .await;
    let checked = fixture.driver.check(&fixture.access, spec.instance).await;
    let error = checked.expect_err("nothing can be written");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.to_string().contains(&index), "{error}");
    // What makes room again is still done.
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn copies_that_a_single_node_cannot_hold_are_not_asked_for() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let index = format!("{}-data", name(spec.instance));
    let tenant = fixture.tenant(&spec, &binding);
    tenant.write(&index, "key", "value").await.expect("write");
    let settings = tenant
        .done(Method::GET, &format!("{index}/_settings"), Value::Null)
        .await;
    let copies = &settings[&index]["settings"]["index"]["number_of_replicas"];
    assert_eq!(copies, "0", "{settings}");
    fixture.destroy(&spec).await;
}
