//! What an application may not do.

use http::{Method, StatusCode};
use windlass_services::Driver;
use windlass_services::conformance::Fixture;

use crate::fixture::{Endpoint, binding, name, steward};
use crate::iam::iam;
use crate::s3::send;
use crate::server::shared;

const VERSIONED: &str = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <Status>Enabled</Status></VersioningConfiguration>";
const OPEN: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\
    \"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::*\"}]}";

#[tokio::test]
async fn another_instances_bucket_is_refused_and_unseen() {
    let fixture = Endpoint::new(shared().await);
    let (mine, tenant) = fixture.made().await;
    let (theirs, victim) = fixture.made().await;
    assert!(victim.put("key", "private").await.status.is_success());
    let there = tenant.on(&name(theirs.instance));
    for answer in [
        there.get("key").await,
        there.put("key", "mine").await,
        there.delete("key").await,
        there.list().await,
        there.head().await,
        there.bucket_request(Method::DELETE, "", "").await,
        there.bucket_request(Method::GET, "uploads", "").await,
        tenant.copy(&there, "key").await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
        assert!(!answer.body.contains("private"), "{answer:?}");
    }
    assert_eq!(victim.get("key").await.body, "private");
    // The names of buckets are other people's too.
    let buckets = tenant.buckets().await;
    assert!(!buckets.status.is_success(), "{buckets:?}");

    // Without any credentials.
    let mut anonymous = victim.endpoint();
    anonymous.set_path(&format!("/{}/key", name(theirs.instance)));
    let answer = send(Method::GET, anonymous, "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}

#[tokio::test]
async fn the_bucket_itself_is_out_of_reach() {
    let fixture = Endpoint::new(shared().await);
    let (spec, tenant) = fixture.made().await;
    assert!(tenant.put("key", "value").await.status.is_success());
    let before = fixture.traces(spec.instance).await;
    for (method, query, body) in [
        (Method::DELETE, "", ""),
        (Method::GET, "policy", ""),
        (Method::PUT, "policy", OPEN),
        (Method::GET, "tagging", ""),
        (Method::DELETE, "tagging", ""),
        (Method::PUT, "versioning", VERSIONED),
        (Method::GET, "acl", ""),
    ] {
        let answer = tenant.bucket_request(method.clone(), query, body).await;
        let status = answer.status;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {query} {answer:?}");
    }
    let own = tenant.on("a-bucket-of-my-own");
    let answer = own.bucket_request(Method::PUT, "", "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    assert_eq!(fixture.traces(spec.instance).await, before);
    fixture.destroy(&spec).await;
}

/// The keys of a binding are a user's, and IAM is where S3 is.
#[tokio::test]
async fn iam_is_closed_to_tenants() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let credential = fixture.credential(&spec, &binding(1)).await;
    let variables = crate::fixture::variables(&fixture.driver, &spec, &credential, None);
    let part = |part: &str| crate::fixture::value(&variables, &format!("DEFAULT_STORAGE_{part}"));
    let (id, secret) = (part("ACCESS_KEY_ID"), part("SECRET_ACCESS_KEY"));
    let user = format!("{}.1", steward(spec.instance));
    let before = server.users(&user);
    let open = windlass_model::percent::encode(OPEN);
    for form in [
        "Action=ListUsers".to_owned(),
        "Action=CreateUser&UserName=mine".to_owned(),
        "Action=CreateAccessKey".to_owned(),
        format!("Action=CreateAccessKey&UserName={user}"),
        format!("Action=GetUserPolicy&UserName={user}&PolicyName=windlass"),
        format!("Action=PutUserPolicy&UserName={user}&PolicyName=more&PolicyDocument={open}"),
        format!("Action=DeleteUserPolicy&UserName={user}&PolicyName=windlass"),
    ] {
        let answer = iam(&server.iam, id, secret, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}: {answer:?}");
    }
    assert_eq!(server.users(&user), before);
    let error = fixture.driver.check(&fixture.access, spec.instance).await;
    error.expect("the instance works");
    fixture.destroy(&spec).await;
}
