//! What an application may not do.

use http::{Method, StatusCode};

use crate::fixture::{Garage, name};
use crate::s3::send;
use crate::server::shared;

/// Settings of a bucket that are its owner's.
pub(crate) const WEBSITE: &str = "<WebsiteConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>";
pub(crate) const CORS: &str = "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule>\
    <AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
const LIFECYCLE: &str = "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    </LifecycleConfiguration>";

#[tokio::test]
async fn another_instances_bucket_is_refused_and_unseen() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (mine, own) = fixture.made().await;
    let (theirs, other) = fixture.made().await;
    let tenant = fixture.tenant(&mine, &own);
    let victim = fixture.tenant(&theirs, &other);
    assert!(victim.put("key", "private").await.status.is_success());
    let there = tenant.on(&name(theirs.instance));
    for answer in [
        there.get("key").await,
        there.put("key", "mine").await,
        there.delete("key").await,
        there.list().await,
        there.head().await,
        there.bucket_request(Method::DELETE, "", "").await,
        there.bucket_request(Method::PUT, "website", WEBSITE).await,
        tenant.copy(&there, "key").await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
        assert!(!answer.body.contains("private"), "{answer:?}");
    }
    assert_eq!(victim.get("key").await.body, "private");

    // The list of buckets.
    let buckets = tenant.buckets().await;
    assert!(buckets.status.is_success(), "{buckets:?}");
    assert!(buckets.body.contains(&name(mine.instance)), "{buckets:?}");
    assert!(
        !buckets.body.contains(&name(theirs.instance)),
        "{buckets:?}"
    );

    // Without any credentials.
    let mut anonymous = victim.endpoint();
    anonymous.set_path(&format!("/{}/key", name(theirs.instance)));
    let answer = send(Method::GET, anonymous, "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}

#[tokio::test]
async fn buckets_are_neither_made_nor_deleted_nor_opened() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let own = tenant.on("a-bucket-of-my-own");
    let answer = own.bucket_request(Method::PUT, "", "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert!(server.bucket("a-bucket-of-my-own").await.is_null());

    let before = server.bucket(&name(spec.instance)).await;
    for (method, query, body) in [
        (Method::DELETE, "", ""),
        (Method::PUT, "website", WEBSITE),
        (Method::PUT, "cors", CORS),
        (Method::PUT, "lifecycle", LIFECYCLE),
        (Method::DELETE, "lifecycle", ""),
        (Method::DELETE, "website", ""),
    ] {
        let answer = tenant.bucket_request(method.clone(), query, body).await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{method} {query} {answer:?}"
        );
    }
    assert_eq!(server.bucket(&name(spec.instance)).await, before);
    fixture.destroy(&spec).await;
}

/// The administration listens in the same network as S3.
#[tokio::test]
async fn the_administration_is_closed_to_tenants() {
    let server = shared().await;
    let fixture = Garage::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let endpoint = &server.administrator.endpoint;
    for path in [
        "v2/ListBuckets",
        "v2/ListKeys",
        "v2/GetClusterStatus",
        "v1/status",
        "v0/status",
        "metrics",
    ] {
        let url = format!("http://{}:{}/{path}", endpoint.host, endpoint.port);
        let answer = send(Method::GET, url.parse().expect("a URL"), "").await;
        assert!(!answer.status.is_success(), "{path}: {answer:?}");
    }
    let ours = name(spec.instance);
    assert_eq!(tenant.bucket.name(), ours);
    fixture.destroy(&spec).await;
}
