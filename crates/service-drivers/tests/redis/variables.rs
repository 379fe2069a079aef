//! The variables, read by a client library.

use redis::{ConnectionAddr, IntoConnectionInfo};
use secrecy::ExposeSecret;
use windlass_model::names::Prefix;
use windlass_service_drivers::redis::RedisDriver;
use windlass_services::{Driver, Endpoint, Tls, VariableRequest, password};

use crate::fixture::{Redis, spec, value};
use crate::server::{connect, run};

fn request(tls: Tls) -> VariableRequest {
    VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: spec().instance,
        generation: 3,
        password: password::generate(),
        endpoint: Endpoint {
            host: "fd00::1".to_owned(),
            port: 6380,
        },
        tls,
        url_scheme: None,
        profile: None,
        media_host: None,
    }
}

#[test]
fn a_client_library_reads_the_url() {
    let request = request(Tls::Off);
    let variables = RedisDriver::redis().variables(&request);
    let url = value(&variables, "REDIS_URL");
    let info = url.as_str().into_connection_info().expect("a URL");
    assert_eq!(info.addr, ConnectionAddr::Tcp("fd00::1".to_owned(), 6380));
    assert_eq!(info.redis.db, 0);
    let user = info.redis.username.expect("a user");
    assert_eq!(user, value(&variables, "DEFAULT_CACHE_USER"));
    assert!(user.ends_with("_3"), "{user}");
    let password = request.password.expose_secret();
    assert_eq!(info.redis.password.as_deref(), Some(password));
}

#[test]
fn encryption_is_in_the_scheme_and_said_to_celery() {
    for (tls, query) in [
        (Tls::Require, "?ssl_cert_reqs=CERT_NONE"),
        (Tls::Verify, "?ssl_cert_reqs=CERT_REQUIRED"),
    ] {
        let url = value(&RedisDriver::redis().variables(&request(tls)), "REDIS_URL");
        assert!(url.starts_with("rediss://"), "{url}");
        assert!(url.ends_with(&format!(":6380/0{query}")), "{url}");
    }
}

#[test]
fn valkey_has_its_own_scheme_for_those_who_ask() {
    let driver = RedisDriver::valkey();
    let mut request = request(Tls::Off);
    for (scheme, start) in [
        (None, "redis://"),
        (Some("valkey"), "valkey://"),
        (Some("http"), "redis://"),
    ] {
        request.url_scheme = scheme.map(str::to_owned);
        let url = value(&driver.variables(&request), "DEFAULT_CACHE_URL");
        assert!(url.starts_with(start), "{url}");
    }
}

/// Some libraries drop the user's name from the URL (django-cache-url).
#[tokio::test]
async fn a_binding_works_without_its_users_name_until_it_is_revoked() {
    let redis = Redis::start().await;
    let (spec, one) = redis.made().await;
    let two = redis.bound(&spec, 2).await;
    let nameless = |binding| {
        let variables = redis.variables(&spec, binding);
        let user = value(&variables, "DEFAULT_CACHE_USER");
        value(&variables, "REDIS_URL").replacen(&user, "", 1)
    };
    let mut first = connect(&nameless(&one)).await.expect("without a name");
    let mut named = redis.tenant(&spec, &two).await;
    run::<()>(&mut first, &["SET", "key", "value"])
        .await
        .expect("write");
    redis
        .driver
        .unbind(&redis.access, spec.instance, 1)
        .await
        .expect("unbind");
    run::<String>(&mut first, &["PING"])
        .await
        .expect_err("its session was ended");
    connect(&nameless(&one)).await.expect_err("it was revoked");
    let mut second = connect(&nameless(&two)).await.expect("the other stays");
    for connection in [&mut named, &mut second] {
        let read: String = run(connection, &["GET", "key"]).await.expect("read");
        assert_eq!(read, "value");
    }
}
