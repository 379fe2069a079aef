//! What crashes and administrators leave.

use http::Method;
use windlass_services::conformance::Fixture;
use windlass_services::{Driver, Error};

use crate::fixture::{Endpoint, binding, name, spec, steward};
use crate::iam::as_operator;
use crate::server::shared;

#[tokio::test]
async fn a_steward_without_its_policy_or_its_bucket_is_taken_up() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = spec();
    let user = steward(spec.instance);
    let form = format!("Action=CreateUser&UserName={user}");
    as_operator(&server.iam, &fixture.access, &form).await;
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    fixture.remove_foreign(spec.instance).await;
    let error = fixture.driver.check(&fixture.access, spec.instance).await;
    assert!(matches!(error, Err(Error::Missing { .. })), "{error:?}");
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    fixture.remove_foreign(spec.instance).await;
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_bucket_that_lost_its_mark_is_nobodys() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let (spec, tenant) = fixture.made().await;
    let user = steward(spec.instance);
    let form = format!("Action=DeleteUserPolicy&UserName={user}&PolicyName=windlass");
    as_operator(&server.iam, &fixture.access, &form).await;
    let (driver, access) = (&fixture.driver, &fixture.access);
    for error in [
        driver
            .provision(access, &spec)
            .await
            .expect_err("provision"),
        driver
            .destroy(access, spec.instance)
            .await
            .expect_err("destroy"),
        driver
            .check(access, spec.instance)
            .await
            .expect_err("check"),
    ] {
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    }
    assert!(tenant.list().await.status.is_success());
    // Its credentials can be revoked all the same.
    driver
        .unbind(access, spec.instance, 1)
        .await
        .expect("unbind");
    fixture.remove_foreign(spec.instance).await;
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn rights_that_were_changed_are_set_again_and_the_key_stays() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let first = binding(1);
    let tenant = fixture.bound(&spec, &first).await;
    let user = format!("{}.1", steward(spec.instance));
    let before = server.users(&user);
    let wide = before[0].clone();
    let policy: serde_json::Value = serde_json::from_str(&wide).expect("JSON");
    let policy = policy["policies"][0].as_str().expect("a policy");
    for changed in [
        policy.replace("s3:PutObject", "s3:GetObject"),
        policy.replace("s3:GetBucketLocation", "s3:DeleteBucket"),
    ] {
        assert_ne!(changed, policy);
        let document = windlass_model::percent::encode(&changed);
        let form = format!(
            "Action=PutUserPolicy&UserName={user}&PolicyName=windlass&PolicyDocument={document}"
        );
        as_operator(&server.iam, &fixture.access, &form).await;
        fixture.bound(&spec, &first).await;
        assert_eq!(server.users(&user), before);
    }
    assert!(tenant.put("key", "value").await.status.is_success());
    fixture.destroy(&spec).await;
}

/// An operator who makes a key by hand, and one who deletes the binding's.
#[tokio::test]
async fn a_key_that_nobody_knows_goes_and_one_that_is_gone_is_made_anew() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let first = binding(1);
    let before = fixture.credential(&spec, &first).await;
    let user = format!("{}.1", steward(spec.instance));
    let kept = server.users(&user);
    let form = format!("Action=CreateAccessKey&UserName={user}");
    as_operator(&server.iam, &fixture.access, &form).await;
    assert_ne!(server.users(&user), kept);
    let again = fixture.credential(&spec, &first).await;
    assert_eq!(server.users(&user), kept, "the other is gone");
    let same = secrecy::ExposeSecret::expose_secret(&before)
        == secrecy::ExposeSecret::expose_secret(&again);
    assert!(same, "the credential stays");

    let tenant = fixture.bound(&spec, &first).await;
    let id = tenant.credentials.key().to_owned();
    let form = format!("Action=DeleteAccessKey&UserName={user}&AccessKeyId={id}");
    as_operator(&server.iam, &fixture.access, &form).await;
    assert!(!tenant.list().await.status.is_success());
    let tenant = fixture.bound(&spec, &first).await;
    assert_ne!(tenant.credentials.key(), id);
    assert!(tenant.list().await.status.is_success());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn what_a_crashed_rehearsal_left_is_removed() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let cluster = fixture.access.cluster.to_string().replace('-', "");
    let user = format!("windlass.rehearsal.{cluster}");
    for form in [
        format!("Action=CreateUser&UserName={user}"),
        format!("Action=CreateAccessKey&UserName={user}"),
        format!("Action=CreateAccessKey&UserName={user}"),
    ] {
        as_operator(&server.iam, &fixture.access, &form).await;
    }
    let prepared = fixture.driver.prepare(&fixture.access).await;
    prepared.expect("prepare");
    assert!(server.users(&user).is_empty());
    assert!(!server.has_bucket("windlass-rehearsal"));
}

#[tokio::test]
async fn a_refused_name_is_said_and_can_be_had_when_it_is_free() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = spec();
    fixture.make_foreign(spec.instance).await;
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    let error = provisioned.expect_err("it is not ours");
    assert!(error.to_string().contains(&name(spec.instance)), "{error}");
    let bucket = fixture.operator(&name(spec.instance));
    let gone = bucket.bucket_request(Method::DELETE, "", "").await;
    assert!(gone.status.is_success(), "{gone:?}");
    // Nothing was left of the attempt: the next one succeeds.
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    provisioned.expect("provision");
    fixture.destroy(&spec).await;
}
