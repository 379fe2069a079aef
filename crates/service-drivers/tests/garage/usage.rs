//! What an instance uses, and what it may use.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;
use windlass_service_drivers::garage::GarageDriver;
use windlass_services::{Driver, Error};

use crate::fixture::{Garage, name, spec};
use crate::server::shared;

#[tokio::test]
async fn bytes_are_those_of_objects_and_of_uploads_under_way() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let usage = async || {
        let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
        usage.expect("usage")
    };
    // The server counts behind its answers.
    let becomes = async |bytes: u64| {
        let deadline = Instant::now() + Duration::from_secs(30);
        while usage().await.bytes != bytes {
            let found = usage().await;
            assert!(Instant::now() < deadline, "{bytes} bytes: {found:?}");
        }
    };
    assert_eq!(usage().await.bytes, 0);
    let tenant = fixture.tenant(&spec, &binding);
    let put = async |key: &str, length: usize| {
        let put = tenant.put(key, vec![b'x'; length]).await;
        assert!(put.status.is_success(), "{put:?}");
    };
    put("one", 200_000).await;
    put("one", 200_000).await;
    put("two", 50_000).await;
    becomes(250_000).await;
    let upload = tenant.begin("three").await;
    let part = tenant.part("three", &upload, 1, vec![b'x'; 300_000]).await;
    assert!(part.status.is_success(), "{part:?}");
    becomes(550_000).await;
    assert!(tenant.delete("one").await.status.is_success());
    becomes(350_000).await;
    assert_eq!(usage().await.connections, 0);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn what_goes_beyond_the_quota_is_refused_with_403() {
    let server = shared().await;
    let mut fixture = Garage::new(server, server.administrator.clone());
    fixture.driver = GarageDriver::with_quotas(1_000_000, 3);
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let bucket = name(spec.instance);
    let large = tenant.put("large", vec![b'x'; 1_000_001]).await;
    assert_eq!(large.status, StatusCode::FORBIDDEN, "{large:?}");
    assert!(large.body.contains("size quota is reached"), "{large:?}");
    let fits = tenant.put("fits", vec![b'x'; 900_000]).await;
    assert!(fits.status.is_success(), "{fits:?}");
    server.until_counted(&bucket, 1, 900_000).await;

    // In parts, it is refused in the end.
    let upload = tenant.begin("parts").await;
    let part = tenant.part("parts", &upload, 1, vec![b'x'; 200_000]).await;
    let tags = [part.etag.expect("a tag")];
    let complete = tenant.complete("parts", &upload, &tags).await;
    assert_eq!(complete.status, StatusCode::FORBIDDEN, "{complete:?}");

    // Room is made by the tenant itself, and by another driver's quota, which is no other parameter.
    assert!(tenant.delete("fits").await.status.is_success());
    server.until_counted(&bucket, 0, 0).await;
    for key in ["1", "2", "3"] {
        assert!(tenant.put(key, "x").await.status.is_success());
    }
    server.until_counted(&bucket, 3, 3).await;
    let fourth = tenant.put("4", "x").await;
    assert_eq!(fourth.status, StatusCode::FORBIDDEN, "{fourth:?}");
    fixture.driver = GarageDriver::with_quotas(1_000_000, 4);
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    assert!(tenant.put("4", "x").await.status.is_success());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_bucket_has_a_quota_and_gives_up_uploads_without_being_told() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let spec = spec();
    let (driver, access) = (&fixture.driver, &fixture.access);
    driver.provision(access, &spec).await.expect("provision");
    let bucket = server.bucket(&name(spec.instance)).await;
    assert!(bucket["quotas"]["maxSize"].as_u64() > Some(0), "{bucket}");
    assert!(
        bucket["quotas"]["maxObjects"].as_u64() > Some(0),
        "{bucket}"
    );
    let rules = bucket["lifecycleRules"].as_array().expect("rules").clone();
    let days = &rules[0]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"];
    assert!(days.as_u64() > Some(0), "{rules:?}");

    // An administrator's own rules and who else may come from a browser stay.
    let id = bucket["id"].as_str().expect("an id");
    let further = serde_json::json!({
        "ID": "further", "Status": "Enabled", "Expiration": { "Days": 30 },
        "Filter": { "Prefix": "tmp/" },
    });
    let cors = serde_json::json!([{
        "AllowedOrigin": ["https://example.com"], "AllowedMethod": ["PUT"],
    }]);
    let body = serde_json::json!({ "lifecycleRules": [further], "corsRules": cors });
    server.post(&format!("UpdateBucket?id={id}"), body).await;
    driver.provision(access, &spec).await.expect("provision");
    let bucket = server.bucket(&name(spec.instance)).await;
    let rules = bucket["lifecycleRules"].as_array().expect("rules").clone();
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert_eq!(rules[0]["ID"], "further");
    let origin = &bucket["corsRules"][0]["AllowedOrigin"][0];
    assert_eq!(origin, "https://example.com", "{bucket}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn usage_of_what_is_not_there_is_missing() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let usage = fixture.driver.usage(&fixture.access, spec().instance).await;
    assert!(matches!(usage, Err(Error::Missing { .. })), "{usage:?}");
}
