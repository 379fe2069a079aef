//! Stored access policies: five at most, changed by one at a time, others' kept.

use http::Method;
use windlass_service_drivers::azure::AzureDriver;
use windlass_services::conformance::Fixture;
use windlass_services::{Driver, Error};

use crate::fixture::{Azure, binding};
use crate::server::shared;

const ACL: [(&str, &str); 2] = [("comp", "acl"), ("restype", "container")];

#[tokio::test]
async fn a_sixth_is_refused_until_one_is_revoked() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    for generation in 1..=5 {
        fixture.bound(&spec, generation).await;
    }
    let sixth = binding(6);
    let bound = fixture.driver.bind(&fixture.access, &spec, &sixth).await;
    let error = bound.expect_err("there is no place");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("revoke a binding"), "{error}");
    let revoked = fixture.driver.unbind(&fixture.access, spec.instance, 3);
    revoked.await.expect("unbind");
    let tenant = fixture.bound_as(&spec, &sixth).await;
    assert!(tenant.put("key", "value").await.status.is_success());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_revoked_signature_stays_refused_whatever_is_bound_after_it() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let first = binding(1);
    let old = fixture.bound_as(&spec, &first).await;
    assert!(old.list().await.status.is_success());
    let revoked = fixture.driver.unbind(&fixture.access, spec.instance, 1);
    revoked.await.expect("unbind");
    for blob in ["", "key"] {
        let answer = old.get(blob).await;
        assert!(!answer.status.is_success(), "{answer:?}");
    }
    assert_eq!(old.put("key", "value").await.status, 403);
    let new = fixture.bound(&spec, 1).await;
    assert!(new.list().await.status.is_success());
    assert_eq!(old.list().await.status, 403);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn two_servers_of_windlass_lose_nothing_of_each_other() {
    let fixture = Azure::new(shared().await);
    let others: Vec<_> = (0..4).map(|_| AzureDriver::new()).collect();
    let spec = fixture.provisioned().await;
    let bindings: Vec<_> = (1..=4).map(binding).collect();
    let binds = others
        .iter()
        .zip(&bindings)
        .map(|(driver, binding)| driver.bind(&fixture.access, &spec, binding));
    for bound in futures::future::join_all(binds).await {
        bound.expect("bind").expect("a credential");
    }
    for binding in &bindings {
        let tenant = fixture.bound_as(&spec, binding).await;
        assert!(tenant.list().await.status.is_success());
    }
    let text = fixture.traces(spec.instance).await.join("\n");
    assert_eq!(text.matches("<SignedIdentifier>").count(), 4, "{text}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn policies_of_others_stay() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let theirs = "<SignedIdentifiers><SignedIdentifier><Id>reports</Id><AccessPolicy>\
                  <Expiry>2999-01-01T00:00:00Z</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier>\
                  </SignedIdentifiers>";
    let set = fixture.owner(Method::PUT, spec.instance, &ACL, &[], theirs);
    let set = set.await;
    assert!(set.status.is_success(), "{set:?}");
    fixture.bound(&spec, 1).await;
    let revoked = fixture.driver.unbind(&fixture.access, spec.instance, 1);
    revoked.await.expect("unbind");
    let traces = fixture.traces(spec.instance).await.join("\n");
    assert!(traces.contains("<Id>reports</Id>"), "{traces}");
    assert!(!traces.contains("windlass-1"), "{traces}");
    fixture.destroy(&spec).await;
}
