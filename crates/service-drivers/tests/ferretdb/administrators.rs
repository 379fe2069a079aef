//! Servers that cannot be used, and administrators that are none.

use secrecy::SecretString;
use serde_json::json;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::{Access, Driver, Error, Tls};

use crate::fixture::{Ferretdb, database, spec, value};
use crate::imposter::{Imposter, Manner};
use crate::server::Server;

#[tokio::test]
async fn an_application_is_no_administrator() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let user = value(&ferretdb.variables(&spec, &binding), "DEFAULT_MONGODB_USER");
    let access = Access {
        user,
        password: binding.password,
        ..ferretdb.access.clone()
    };
    for refused in [
        ferretdb.driver.prepare(&access).await,
        ferretdb.driver.provision(&access, &spec).await,
        ferretdb.driver.unbind(&access, spec.instance, 1).await,
        ferretdb.driver.check(&access, spec.instance).await,
        ferretdb.driver.destroy(&access, spec.instance).await,
    ] {
        let error = refused.expect_err("refused");
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn another_administrator_with_any_name_and_password_will_do() {
    let ferretdb = Ferretdb::start().await;
    // Not `=` and `,`: FerretDB does not take them back from how SCRAM writes them.
    let (user, password) = ("a b/c d@é", "p@s/:s?w#%+ &=[é]~\u{ad}");
    let create = json!(["createUser", user, { "pwd": password, "roles": [] }]);
    ferretdb.server.run("staff", &create);
    let access = Access {
        user: user.to_owned(),
        password: SecretString::from(password),
        database: Some("staff".to_owned()),
        ..ferretdb.access.clone()
    };
    ferretdb.driver.prepare(&access).await.expect("prepare");
    // At the database of the administrators, nobody of that name is known.
    let access = Access {
        database: None,
        ..access
    };
    let error = ferretdb.driver.prepare(&access).await;
    let error = error.expect_err("not there");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(!error.to_string().contains(password), "{error}");
}

#[tokio::test]
async fn a_server_that_asks_for_no_password_is_not_supported() {
    let settings = [
        "--test-enable-new-auth=false",
        "--setup-database=",
        "--setup-username=",
        "--setup-password=",
    ];
    let ferretdb = Ferretdb::of(Server::start_with(&settings).await);
    let prepared = ferretdb.driver.prepare(&ferretdb.access).await;
    let error = prepared.expect_err("everybody is let in");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("log in by SCRAM-SHA-256"), "{text}");
}

#[tokio::test]
async fn other_servers_are_named_and_refused() {
    let ferretdb = Ferretdb::start().await;
    let access = &ferretdb.access;
    let refused = MongodbDriver::mongodb().prepare(access).await;
    let error = refused.expect_err("another server");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let words = "it runs FerretDB 1.24.2; of MongoDB, versions 6 and 7 are supported";
    assert!(error.to_string().contains(words), "{error}");

    let rewriting = |from, to| Manner::Rewriting(access.endpoint.clone(), from, to);
    let html = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
    for (manner, is_unsupported, words) in [
        (
            rewriting(b"v1.24.2", b"v1.25.2"),
            true,
            "it runs FerretDB 1.25.2",
        ),
        (
            rewriting(b"isWritablePrimary\0\x01", b"isWritablePrimary\0\0"),
            true,
            "not the primary",
        ),
        // Who does not know the password cannot make the proof that is wanted in return.
        (rewriting(b"\0v=", b"\0w="), false, "does not keep to SCRAM"),
        (
            Manner::Saying(html),
            false,
            "does not speak MongoDB's protocol",
        ),
        (Manner::Saying(b""), false, "end of file"),
    ] {
        let imposter = Imposter::start(access, manner).await;
        let prepared = ferretdb.driver.prepare(&imposter.access).await;
        let error = prepared.expect_err(words);
        match &error {
            Error::Unsupported { .. } => assert!(is_unsupported, "{error:?}"),
            Error::Unreachable { .. } => assert!(!is_unsupported, "{error:?}"),
            other => panic!("{other:?}"),
        }
        assert!(error.to_string().contains(words), "{error}");
    }
    for tls in [Tls::Require, Tls::Verify] {
        let access = Access {
            tls,
            ..access.clone()
        };
        let error = ferretdb.driver.prepare(&access).await;
        let error = error.expect_err("encrypted");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_is_one_instances() {
    let ferretdb = Ferretdb::start().await;
    let (first, binding) = ferretdb.made().await;
    let second = spec();
    let refused = ferretdb.driver.provision(&ferretdb.access, &second).await;
    let error = refused.expect_err("the server is taken");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert!(error.to_string().contains(&database(&first)), "{error}");
    let destroyed = ferretdb.driver.destroy(&ferretdb.access, second.instance);
    destroyed.await.expect("absent");
    ferretdb.tenant(&first, &binding);
}
