//! What a crash, of ours or of the server, leaves behind.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_services::conformance::Fixture as _;
use windlass_services::{Driver, Error};

use crate::fixture::{Garage, binding, name, spec};
use crate::server::shared;

fn mark(instance: impl std::fmt::Display) -> String {
    format!("windlass instance {instance} connections 20: shop/test/DEFAULT")
}

#[tokio::test]
async fn a_bucket_without_quota_and_rights_is_made_whole() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let whole = fixture.traces(spec.instance).await;
    let bucket = server.bucket(&name(spec.instance)).await;
    let id = bucket["id"].as_str().expect("an id");
    let none = json!({
        "quotas": { "maxSize": null, "maxObjects": null }, "lifecycleRules": [],
    });
    server.post(&format!("UpdateBucket?id={id}"), none).await;
    for key in bucket["keys"].as_array().expect("keys") {
        let is_steward = key["permissions"]["owner"] == true;
        let body = json!({
            "bucketId": id, "accessKeyId": key["accessKeyId"],
            "permissions": { "read": true, "write": true, "owner": !is_steward },
        });
        server.post("DenyBucketKey", body).await;
        let key = key["accessKeyId"].as_str().expect("an id");
        let body = json!({ "allow": { "createBucket": true } });
        server.post(&format!("UpdateKey?id={key}"), body).await;
    }
    assert_ne!(fixture.traces(spec.instance).await, whole);
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.provision(access, &spec).await.expect("provision");
    driver.bind(access, &spec, &binding).await.expect("bind");
    assert_eq!(fixture.traces(spec.instance).await, whole);
    for key in bucket["keys"].as_array().expect("keys") {
        let key = key["accessKeyId"].as_str().expect("an id");
        let found = server.look(&format!("GetKeyInfo?id={key}")).await;
        assert_eq!(found["permissions"]["createBucket"], false, "{found}");
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_steward_without_a_bucket_gets_one_and_its_doubles_go() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let spec = spec();
    for _ in 0..3 {
        let body = json!({ "name": mark(spec.instance) });
        server.post("CreateKey", body).await;
    }
    let listed = driver.list(access).await.expect("list");
    let short = name(spec.instance).replace("svc-", "");
    assert_eq!(listed.iter().filter(|id| **id == short).count(), 1);
    let checked = driver.check(access, spec.instance).await;
    assert!(matches!(checked, Err(Error::Missing { .. })), "{checked:?}");
    driver.provision(access, &spec).await.expect("provision");
    driver.check(access, spec.instance).await.expect("check");
    assert_eq!(server.keys(&spec.instance.to_string()).await.len(), 1);
    fixture.destroy(&spec).await;
}

/// A server that stops in the middle of making a bucket leaves it with its name alone.
#[tokio::test]
async fn an_empty_bucket_of_nobody_is_the_stewards() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    for destroy_at_once in [false, true] {
        let spec = spec();
        let body = json!({ "name": mark(spec.instance) });
        server.post("CreateKey", body).await;
        let body = json!({ "globalAlias": name(spec.instance) });
        server.post("CreateBucket", body).await;
        if !destroy_at_once {
            driver.provision(access, &spec).await.expect("provision");
            let binding = fixture.bound(&spec, 1).await;
            let tenant = fixture.tenant(&spec, &binding);
            assert!(tenant.put("key", "value").await.status.is_success());
        }
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn a_bucket_that_lost_its_name_gets_it_back_and_is_destroyed_with_its_data() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let (spec, binding) = fixture.made().await;
    let name = name(spec.instance);
    let tenant = fixture.tenant(&spec, &binding);
    assert!(tenant.put("kept", "yes").await.status.is_success());
    let bucket = server.bucket(&name).await;
    let id = bucket["id"].as_str().expect("an id").to_owned();
    let lose = async || {
        let body = json!({ "bucketId": id, "globalAlias": name });
        server.post("RemoveBucketAlias", body).await;
    };
    lose().await;
    let checked = driver.check(access, spec.instance).await;
    assert!(matches!(checked, Err(Error::Missing { .. })), "{checked:?}");
    driver.provision(access, &spec).await.expect("provision");
    driver.check(access, spec.instance).await.expect("check");
    assert_eq!(tenant.get("kept").await.body, "yes");
    lose().await;
    fixture.destroy(&spec).await;
    let left = server.look(&format!("GetBucketInfo?id={id}")).await;
    assert_eq!(left, Value::Null);
}

#[tokio::test]
async fn a_name_given_to_another_bucket_is_a_conflict() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let (spec, binding) = fixture.made().await;
    let name = name(spec.instance);
    let own = server.bucket(&name).await;
    let rename = async |from: &Value, add: bool| {
        let call = if add {
            "AddBucketAlias"
        } else {
            "RemoveBucketAlias"
        };
        let body = json!({ "bucketId": from["id"], "globalAlias": name });
        server.post(call, body).await;
    };
    rename(&own, false).await;
    let other = server
        .post("CreateBucket", json!({ "globalAlias": name }))
        .await;
    for result in [
        driver.provision(access, &spec).await,
        driver.bind(access, &spec, &binding).await.map(drop),
        driver.check(access, spec.instance).await,
        driver.destroy(access, spec.instance).await,
    ] {
        let error = result.expect_err("it is another's");
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
        assert!(error.to_string().contains(&name), "{error}");
    }
    let id = other["id"].as_str().expect("an id");
    server
        .post(&format!("DeleteBucket?id={id}"), Value::Null)
        .await;
    rename(&own, true).await;
    driver.check(access, spec.instance).await.expect("check");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_key_without_rights_is_known_by_its_mark() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let (spec, _) = fixture.made().await;
    let wanted = binding(2);
    let id = fixture.variables(&spec, &wanted);
    let id = crate::fixture::value(&id, "DEFAULT_STORAGE_ACCESS_KEY_ID").to_owned();
    let import = async |binding: &windlass_services::BindingSpec, id: &str| {
        let (instance, generation) = (spec.instance, binding.generation);
        let mark = format!(
            "windlass binding {} of {instance} generation {generation}",
            binding.binding
        );
        let body = json!({
            "accessKeyId": id, "secretAccessKey": binding.password.expose_secret(), "name": mark,
        });
        server.post("ImportKey", body).await;
    };
    import(&wanted, &id).await;
    driver.bind(access, &spec, &wanted).await.expect("bind");
    let tenant = fixture.tenant(&spec, &wanted);
    assert!(tenant.put("key", "value").await.status.is_success());

    // Revoked and destroyed without ever having had rights.
    let other = binding(3);
    import(&other, &format!("{id}x")).await;
    driver
        .unbind(access, spec.instance, 3)
        .await
        .expect("unbind");
    assert_eq!(server.keys(&other.binding.to_string()).await.len(), 0);
    let other = binding(4);
    import(&other, &format!("{id}y")).await;
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_revoked_key_does_not_come_back_but_its_generation_does() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let (spec, first) = fixture.made().await;
    driver
        .unbind(access, spec.instance, 1)
        .await
        .expect("unbind");
    let error = driver.bind(access, &spec, &first).await;
    let error = error.expect_err("the server never takes an id twice");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert!(
        error.to_string().contains("a new binding has another"),
        "{error}"
    );
    assert!(!error.to_string().contains(first.password.expose_secret()));
    assert!(
        !fixture
            .tenant(&spec, &first)
            .list()
            .await
            .status
            .is_success()
    );

    // The same binding with another password, and another binding.
    let mut again = binding(1);
    again.binding = first.binding;
    driver.bind(access, &spec, &again).await.expect("bind");
    assert!(
        fixture
            .tenant(&spec, &again)
            .list()
            .await
            .status
            .is_success()
    );
    driver
        .unbind(access, spec.instance, 1)
        .await
        .expect("unbind");
    let other = fixture.bound(&spec, 1).await;
    assert!(
        fixture
            .tenant(&spec, &other)
            .list()
            .await
            .status
            .is_success()
    );
    fixture.destroy(&spec).await;
}
