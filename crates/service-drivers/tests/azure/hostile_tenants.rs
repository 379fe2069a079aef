//! What an application may not do.

use http::{Method, StatusCode};
use windlass_services::conformance::Fixture;

use crate::blobs::send;
use crate::fixture::{Azure, name};
use crate::server::shared;

#[tokio::test]
async fn another_instances_container_is_refused() {
    let fixture = Azure::new(shared().await);
    let (mine, tenant) = fixture.made().await;
    let (theirs, victim) = fixture.made().await;
    assert!(victim.put("key", "private").await.status.is_success());
    let there = tenant.on(&name(theirs.instance));
    for answer in [
        there.get("key").await,
        there.put("key", "mine").await,
        there.delete("key").await,
        there.list().await,
        tenant.copy(&there, "key").await,
    ] {
        assert!(!answer.status.is_success(), "{answer:?}");
        assert!(!answer.body.contains("private"), "{answer:?}");
    }
    // Their policy's name with this signature.
    let (_, policy) = victim.signature.split_once("si=").expect("a policy");
    let policy = policy.split('&').next().expect("a name");
    let (_, own) = tenant.signature.split_once("si=").expect("a policy");
    let own = own.split('&').next().expect("a name");
    let mut forged = tenant.on(&name(theirs.instance));
    forged.signature = tenant.signature.replace(own, policy);
    assert_eq!(forged.get("key").await.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.get("key").await.body, "private");

    // Without any signature.
    let url = format!("{}/{}/key", victim.endpoint, victim.container);
    let answer = send(Method::GET, &url, &[], "").await;
    assert!(!answer.status.is_success(), "{answer:?}");
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}

#[tokio::test]
async fn the_container_itself_is_out_of_reach() {
    let fixture = Azure::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    assert!(tenant.put("key", "value").await.status.is_success());
    let before = fixture.traces(spec.instance).await;
    let public = [("x-ms-blob-public-access", "container")];
    let metadata = [("x-ms-meta-windlass_instance", "nobody")];
    let lease = [
        ("x-ms-lease-action", "acquire"),
        ("x-ms-lease-duration", "-1"),
    ];
    let none: [(&str, &str); 0] = [];
    for (method, query, headers) in [
        (Method::DELETE, "", none.as_slice()),
        (Method::GET, "", &none),
        (Method::GET, "&comp=acl", &none),
        (Method::PUT, "&comp=acl", &public),
        (Method::PUT, "&comp=metadata", &metadata),
        (Method::PUT, "&comp=lease", &lease),
    ] {
        let answer = tenant.ask(method.clone(), query, headers, "").await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{method} {query} {answer:?}"
        );
    }
    let own = tenant.on("a-container-of-my-own");
    let answer = own.ask(Method::PUT, "", &[], "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    // The list of containers.
    let url = format!("{}/?comp=list&{}", tenant.endpoint, tenant.signature);
    let answer = send(Method::GET, &url, &[], "").await;
    assert!(!answer.status.is_success(), "{answer:?}");
    assert_eq!(fixture.traces(spec.instance).await, before);

    // A lease on a blob is the tenant's right, and in nobody's way at the end.
    let url = format!("{}&comp=lease", tenant.url("key"));
    let answer = send(Method::PUT, &url, &lease, "").await;
    assert!(answer.status.is_success(), "{answer:?}");
    fixture.destroy(&spec).await;
}
