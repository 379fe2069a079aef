//! Endpoints and keys that cannot be used, and how that is said; and the least that a key must be allowed.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use windlass_model::percent::encode;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::{Access, Driver, Error, password};

use crate::fixture::{Endpoint, binding};
use crate::iam::as_operator;
use crate::server::{Server, shared};
use crate::stand_in::StandIn;

/// As `docs/guides/operating.md` has it.
const POLICY: &str = include_str!("operator.json");

async fn refused(access: Access) -> Error {
    let driver = S3EndpointDriver::new();
    let error = driver.prepare(&access).await.expect_err("it is refused");
    let text = format!("{error} {error:?}");
    let secret = access.password.expose_secret();
    assert!(!text.contains(secret), "no error shows the secret: {text}");
    assert!(text.contains(&access.description), "{text}");
    error
}

/// A key of a user with that policy.
async fn operator_with(server: &Server, user: &str, policy: &str) -> Access {
    let administrator = &server.administrator;
    let document = encode(policy);
    for form in [
        format!("Action=CreateUser&UserName={user}"),
        format!("Action=PutUserPolicy&UserName={user}&PolicyName=own&PolicyDocument={document}"),
    ] {
        as_operator(&server.iam, administrator, &form).await;
    }
    let form = format!("Action=CreateAccessKey&UserName={user}");
    let made = as_operator(&server.iam, administrator, &form).await.body;
    let part = |name: &str| {
        let (_, rest) = made.split_once(&format!("<{name}>")).expect("a part");
        rest.split('<').next().expect("its end").to_owned()
    };
    Access {
        user: part("AccessKeyId"),
        password: SecretString::from(part("SecretAccessKey")),
        ..administrator.clone()
    }
}

#[tokio::test]
async fn the_least_that_the_guide_says_is_enough() {
    let server = shared().await;
    let access = operator_with(server, "least", POLICY).await;
    let fixture = Endpoint::by(server, access);
    let prepared = fixture.driver.prepare(&fixture.access).await;
    prepared.expect("prepare");
    let (spec, tenant) = fixture.made().await;
    assert!(tenant.put("key", "value").await.status.is_success());
    let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
    assert_eq!(usage.expect("usage").bytes, 5);
    let second = fixture.bound(&spec, &binding(2)).await;
    let revoked = fixture.driver.unbind(&fixture.access, spec.instance, 1);
    revoked.await.expect("unbind");
    assert_eq!(second.get("key").await.body, "value");
    assert!(!tenant.get("key").await.status.is_success());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn what_a_key_may_not_do_is_known_before_anything_is_made() {
    let server = shared().await;
    for (lacking, user) in [
        ("iam:CreateAccessKey", "no-keys"),
        ("iam:DeleteUser", "no-ends"),
        ("iam:PutUserPolicy", "no-policies"),
        ("iam:ListUsers", "no-lists"),
        ("s3:ListAllMyBuckets", "no-buckets"),
    ] {
        let policy = POLICY.replace(lacking, "iam:GetUser");
        assert_ne!(policy, POLICY, "{lacking}");
        let error = refused(operator_with(server, user, &policy).await).await;
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
        assert!(error.to_string().contains(lacking), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_without_iam_is_refused_with_the_way_out() {
    let server = shared().await;
    // The same server of S3, which has no IAM at its own address.
    let page = StandIn::saying("404 Not Found", "<h1>Not Found</h1>").await;
    let (storage, elsewhere) = (&server.storage, page.url.as_str());
    for iam in [storage, elsewhere] {
        let error = refused(server.access_by(storage, iam)).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        for words in ["no IAM API", "'?iam='", "external service"] {
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    let error = refused(server.access_by(elsewhere, &server.iam)).await;
    assert!(error.to_string().contains("there is no S3"), "{error}");
    let busy = StandIn::saying("503 Busy", "<Error><Code>SlowDown</Code></Error>").await;
    let error = refused(server.access_by(&busy.url, &server.iam)).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_endpoint_that_minds_no_policies_is_refused() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let careless = StandIn::saying("200 OK", "<ListBucketResult></ListBucketResult>").await;
    let access = server.access_by(&careless.url, &server.iam);
    let bound = fixture.driver.bind(&access, &spec, &binding(1)).await;
    let error = bound.expect_err("anybody would see everything");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("does not hold keys"), "{error}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_wrong_key_is_unauthorized_and_a_wrong_url_unsupported() {
    let server = shared().await;
    let administrator = &server.administrator;
    let (user, password) = ("nobody-of-that-name".to_owned(), password::generate());
    for wrong in [
        Access {
            password,
            ..administrator.clone()
        },
        Access {
            user,
            ..administrator.clone()
        },
    ] {
        let error = refused(wrong).await;
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
    let driver = S3EndpointDriver::new();
    for (settings, url) in [
        (None, ""),
        (Some(json!({})), "ftp://s3.example.org"),
        (
            Some(json!({ "url": "https://s3.example.org/bucket" })),
            "https://s3.example.org?acl=private",
        ),
    ] {
        let error = refused(Access {
            settings,
            ..administrator.clone()
        });
        let error = error.await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(driver.check_account(url).is_err(), "{url}");
    }
    let url = "https://s3.eu-central-1.amazonaws.com";
    driver.check_account(url).expect("it needs no more");
}
