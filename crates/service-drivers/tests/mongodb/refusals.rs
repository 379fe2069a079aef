//! What it makes of refusals.

use bson::{Document, doc};
use secrecy::ExposeSecret;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::{Access, Driver, Error, password};

use crate::commands::{binding, spec};
use crate::stand_in::{StandIn, refusal};

#[tokio::test]
async fn servers_that_cannot_be_used_say_why() {
    let driver = MongodbDriver::mongodb();
    let of = |version: &str| doc! { "ok": 1.0, "version": version };
    let nothing = doc! { "ok": 1.0, "authInfo": { "authenticatedUserPrivileges": [] } };
    let cases: [(&str, Document, &str); 4] = [
        (
            "buildInfo",
            of("5.0.31"),
            "it runs MongoDB 5.0.31; of MongoDB, versions 6 and 7 are supported",
        ),
        ("buildInfo", of("8.0.4"), "it runs MongoDB 8.0.4"),
        (
            "connectionStatus",
            nothing.clone(),
            "may not do viewUser, createUser,",
        ),
        (
            "connectionStatus",
            nothing,
            "db.grantRolesToUser(\"windlass\", [\"root\"])",
        ),
    ];
    for (command, answer, words) in cases {
        let server = StandIn::start().await;
        server.answer(command, Some(answer));
        let error = driver.prepare(&server.access).await.expect_err(words);
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let server = StandIn::start().await;
    server.ask_nobody();
    let error = driver
        .prepare(&server.access)
        .await
        .expect_err("open to all");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(
        error.to_string().contains("asks nobody for a password"),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized() {
    let (driver, server) = (MongodbDriver::mongodb(), StandIn::start().await);
    let access = Access {
        password: password::generate(),
        ..server.access.clone()
    };
    let error = driver.prepare(&access).await.expect_err("wrong");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}

type IsIt = fn(&Error) -> bool;

#[tokio::test]
async fn refusals_say_whose_fault_it_is() {
    let driver = MongodbDriver::mongodb();
    let full = refusal(
        14031,
        "available disk space of 100 bytes is less than required",
    );
    let write =
        doc! { "ok": 1.0, "writeErrors": [{ "index": 0, "code": 14031_i32, "errmsg": "no disk" }] };
    let cases: [(&str, Document, IsIt); 5] = [
        ("createUser", full, |error| {
            matches!(error, Error::Full { .. })
        }),
        ("update", write, |error| matches!(error, Error::Full { .. })),
        (
            "createUser",
            refusal(13, "not authorized on svc"),
            |error| matches!(error, Error::Unauthorized { .. }),
        ),
        ("createUser", refusal(10107, "not primary"), |error| {
            matches!(error, Error::Unsupported { .. })
        }),
        ("usersInfo", doc! { "ok": 1.0 }, |error| {
            matches!(error, Error::Failed { .. })
        }),
    ];
    for (command, answer, is_it) in cases {
        let server = StandIn::start().await;
        server.answer(command, Some(answer.clone()));
        let error = driver.provision(&server.access, &spec()).await;
        let error = error.expect_err("refused");
        assert!(is_it(&error), "{command} {answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_refusal_that_quotes_the_password_is_told_without_it() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    let binding = binding(1);
    let secret = binding.password.expose_secret();
    let words = format!("cannot take pwd: {secret}");
    server.answer("createUser", Some(refusal(2, &words)));
    let error = driver.bind(&server.access, &spec, &binding).await;
    let error = error.expect_err("refused");
    assert!(!format!("{error} {error:?}").contains(secret));
    assert!(
        error
            .to_string()
            .contains("cannot take pwd: (the password)"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_never_answered_may_have_been_done() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    // The shortest of the time-outs.
    server.answer("usersInfo", None);
    let error = driver.provision(&server.access, &spec).await;
    let error = error.expect_err("no answer");
    assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
}
