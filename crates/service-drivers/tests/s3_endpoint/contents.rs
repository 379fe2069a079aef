//! What is in buckets: versions, uploads that never end, names of all sorts.

use futures::StreamExt;
use http::Method;
use windlass_services::Driver;

use crate::fixture::Endpoint;
use crate::server::{Server, shared};

const VERSIONED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <Status>Enabled</Status></VersioningConfiguration>";
/// What XML, URLs and shells trip over.
const NAMES: [&str; 6] = [
    "a b+c%20/é",
    "<&>\"'",
    "日本/🔑",
    "a//b/./c",
    "tab\there",
    "x?y#z",
];

#[tokio::test]
async fn versions_and_markers_are_counted_and_go_with_the_instance() {
    let fixture = Endpoint::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    // An operator who keeps older versions.
    let operator = fixture.operator(tenant.bucket.name());
    let set = operator
        .bucket_request(Method::PUT, "versioning", VERSIONED)
        .await;
    assert!(set.status.is_success(), "{set:?}");
    for content in ["one", "three"] {
        assert!(tenant.put("kept", content).await.status.is_success());
    }
    assert!(tenant.put("gone", "1234567").await.status.is_success());
    assert!(tenant.delete("gone").await.status.is_success());
    let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
    assert_eq!(usage.expect("usage").bytes, 3 + 5 + 7);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn objects_of_all_names_are_added_up_and_deleted() {
    let without = Server::start("http", &[], false);
    for server in [shared().await, &without] {
        let fixture = Endpoint::new(server);
        let prepared = fixture.driver.prepare(&fixture.access).await;
        prepared.expect("prepare");
        let (spec, tenant) = fixture.made().await;
        let mut bytes = 0;
        for name in NAMES {
            // Not every server has a place for every name.
            if tenant.put(name, "12345").await.status.is_success() {
                bytes += 5;
            }
        }
        assert!(bytes >= 20, "most names can be had");
        // A page has a thousand.
        let names: Vec<String> = (0..1010).map(|number| format!("object{number}")).collect();
        let putting = futures::stream::iter(&names)
            .map(|name| tenant.put(name, "1"))
            .buffer_unordered(16);
        assert!(putting.all(async |answer| answer.status.is_success()).await);
        let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
        let usage = usage.expect("usage");
        assert_eq!((usage.bytes, usage.connections), (bytes + 1010, 0));
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn uploads_that_never_end_go_with_the_instance() {
    let fixture = Endpoint::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    for name in ["large", "larger é+&"] {
        let upload = tenant.begin(name).await;
        let part = tenant.part(name, &upload, 1, "begun").await;
        assert!(part.status.is_success(), "{part:?}");
    }
    fixture.destroy(&spec).await;
}
