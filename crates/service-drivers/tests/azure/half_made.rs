//! What crashes and administrators leave.

use http::Method;
use windlass_services::conformance::Fixture;
use windlass_services::{Driver, Error};

use crate::fixture::{Azure, binding, spec};
use crate::imposter::{Imposter, answer};
use crate::server::shared;

const ACL: [(&str, &str); 2] = [("comp", "acl"), ("restype", "container")];
const LEASE: [(&str, &str); 2] = [("comp", "lease"), ("restype", "container")];
const METADATA: [(&str, &str); 2] = [("comp", "metadata"), ("restype", "container")];
const OTHERS: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

#[tokio::test]
async fn a_policy_that_was_changed_is_set_again() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let first = binding(1);
    fixture.bound_as(&spec, &first).await;
    let found = fixture
        .owner(Method::GET, spec.instance, &ACL, &[], "")
        .await;
    let weak = found.body.replace("racwdl", "l");
    assert_ne!(weak, found.body);
    let set = fixture
        .owner(Method::PUT, spec.instance, &ACL, &[], &weak)
        .await;
    assert!(set.status.is_success(), "{set:?}");
    let tenant = fixture.bound_as(&spec, &first).await;
    assert!(tenant.put("key", "value").await.status.is_success());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn somebody_elses_lease_is_waited_for() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let acquire = [
        ("x-ms-lease-action", "acquire"),
        ("x-ms-lease-duration", "60"),
        ("x-ms-proposed-lease-id", OTHERS),
    ];
    let taken = fixture
        .owner(Method::PUT, spec.instance, &LEASE, &acquire, "")
        .await;
    assert!(taken.status.is_success(), "{taken:?}");
    let release = [("x-ms-lease-action", "release"), ("x-ms-lease-id", OTHERS)];
    let releasing = async {
        // As long as it is held, nothing of the binding is there.
        let traces = fixture.traces(spec.instance).await.join("\n");
        assert!(!traces.contains("windlass-1"), "{traces}");
        fixture
            .owner(Method::PUT, spec.instance, &LEASE, &release, "")
            .await
    };
    let (tenant, released) = tokio::join!(fixture.bound(&spec, 1), releasing);
    assert!(released.status.is_success(), "{released:?}");
    assert!(tenant.list().await.status.is_success());

    // One that a crashed call of another server has left is in nobody's way for long; the driver's own never is.
    let traces = fixture.traces(spec.instance).await.join("\n");
    assert!(traces.contains("available"), "it is given back: {traces}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_container_without_its_mark_is_nobodys() {
    let fixture = Azure::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    let wiped = fixture
        .owner(Method::PUT, spec.instance, &METADATA, &[], "")
        .await;
    assert!(wiped.status.is_success(), "{wiped:?}");
    let (driver, access) = (&fixture.driver, &fixture.access);
    for error in [
        driver
            .provision(access, &spec)
            .await
            .expect_err("provision"),
        driver
            .unbind(access, spec.instance, 1)
            .await
            .expect_err("unbind"),
        driver
            .destroy(access, spec.instance)
            .await
            .expect_err("destroy"),
    ] {
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    }
    assert!(tenant.list().await.status.is_success());
    fixture.remove_foreign(spec.instance).await;
}

#[tokio::test]
async fn a_container_that_is_being_deleted_is_waited_for() {
    let fixture = Azure::new(shared().await);
    let spec = spec();
    let absent = || answer("404 No", "", "ContainerNotFound");
    let deleting = || answer("409 No", "", "ContainerBeingDeleted");
    let mark = format!(
        "x-ms-meta-windlass_instance: {}\r\nx-ms-meta-windlass_connections: 20\r\n\
         x-ms-meta-windlass_comment: shop/test/DEFAULT\r\n",
        spec.instance
    );
    let made = answer("201 Created", "", "");
    let found = answer("200 OK", &mark, "");
    let answers = vec![absent(), deleting(), deleting(), made, found];
    let imposter = Imposter::start(&fixture.access, answers).await;
    let provisioned = fixture.driver.provision(&imposter.access, &spec).await;
    provisioned.expect("it is made in the end");
    assert_eq!(imposter.asked(), 7);
}
