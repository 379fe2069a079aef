//! Servers that cannot be used, and administrators that may not do what is needed.

use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::redis::RedisDriver;
use windlass_services::{Access, Driver, Error, password};

use secrecy::ExposeSecret;

use crate::fixture::Redis;
use crate::server::WANTED;

/// An administrator with these rights.
async fn administrator(redis: &Redis, rights: &[&str]) -> Access {
    let access = Access {
        cluster: ClusterId::from(Uuid::now_v7()),
        user: "padmin".to_owned(),
        password: password::generate(),
        ..redis.access.clone()
    };
    let secret = format!(">{}", access.password.expose_secret());
    let words = [
        "ACL",
        "SETUSER",
        &access.user,
        "reset",
        "on",
        &secret,
        "~*",
        "+@all",
    ];
    redis.server.run::<()>(&[&words, rights].concat()).await;
    access
}

#[tokio::test]
async fn lacking_rights_are_named_with_the_remedy() {
    let redis = Redis::start().await;
    let access = administrator(&redis, &["-config|set", "-flushall"]).await;
    let error = redis.driver.prepare(&access).await.expect_err("refused");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("may not run CONFIG SET maxclients 1, FLUSHALL ASYNC;"),
        "{text}"
    );
    assert!(text.contains("ACL SETUSER padmin ~* +@all"), "{text}");

    // Another one than ours will do, if it may do all.
    let access = administrator(&redis, &[]).await;
    redis.driver.prepare(&access).await.expect("prepare");
}

#[tokio::test]
async fn an_application_is_no_administrator() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let access = Access {
        user: crate::fixture::value(&redis.variables(&spec, &binding), "DEFAULT_CACHE_USER"),
        password: binding.password,
        ..redis.access.clone()
    };
    for refused in [
        redis.driver.prepare(&access).await,
        redis.driver.provision(&access, &spec).await,
        redis.driver.unbind(&access, spec.instance, 1).await,
        redis.driver.check(&access, spec.instance).await,
        redis.driver.destroy(&access, spec.instance).await,
    ] {
        let error = refused.expect_err("refused");
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn another_server_and_a_replica_are_not_supported() {
    let redis = Redis::start().await;
    let (other, runs, supported) = match WANTED.kind.as_str() {
        "valkey" => (
            RedisDriver::redis(),
            "Valkey",
            "of Redis, versions 7 and 8 are supported",
        ),
        _ => (
            RedisDriver::valkey(),
            "Redis",
            "of Valkey, versions 7.2 and 8 are supported",
        ),
    };
    let refused = other.prepare(&redis.access).await;
    let error = refused.expect_err("another server");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let runs = format!("it runs {runs} {}.", WANTED.version);
    assert!(error.to_string().contains(&runs), "{error}");
    assert!(error.to_string().contains(supported), "{error}");

    let words = ["REPLICAOF", "127.0.0.1", "9"];
    redis.server.run::<()>(&words).await;
    let error = redis
        .driver
        .prepare(&redis.access)
        .await
        .expect_err("a replica");
    assert!(error.to_string().contains("it is a replica"), "{error}");
}

#[tokio::test]
async fn a_server_is_one_instances() {
    let redis = Redis::start().await;
    let (first, binding) = redis.made().await;
    let second = crate::fixture::spec();
    let refused = redis.driver.provision(&redis.access, &second).await;
    let error = refused.expect_err("the server is taken");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    redis.tenant(&first, &binding).await;
    redis
        .driver
        .destroy(&redis.access, second.instance)
        .await
        .expect("absent");
    redis.tenant(&first, &binding).await;
}
