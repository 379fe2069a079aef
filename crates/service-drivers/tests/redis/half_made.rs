//! What a crash, a full disk or somebody's hand may leave.

use windlass_model::id::short;
use windlass_services::conformance::Fixture as _;
use windlass_services::{Driver, Error};

use crate::fixture::{Redis, value};
use crate::server::{WANTED, connect, run};

#[tokio::test]
async fn default_is_set_again_by_prepare_and_bind() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let variables = redis.variables(&spec, &binding);
    let user = value(&variables, "DEFAULT_CACHE_USER");
    let nameless = value(&variables, "REDIS_URL").replacen(&user, "", 1);
    for repair in ["prepare", "bind"] {
        let words = ["ACL", "SETUSER", "default", "reset"];
        redis.server.run::<()>(&words).await;
        connect(&nameless).await.expect_err("it is switched off");
        let repaired = match repair {
            "bind" => redis
                .driver
                .bind(&redis.access, &spec, &binding)
                .await
                .map(drop),
            _ => redis.driver.prepare(&redis.access).await,
        };
        repaired.expect(repair);
        connect(&nameless).await.expect(repair);
    }
    // And shut again to those who do not belong there.
    let words = ["ACL", "SETUSER", "default", "on", "nopass", "+@all"];
    redis.server.run::<()>(&words).await;
    redis.driver.prepare(&redis.access).await.expect("prepare");
    let open = format!("redis://127.0.0.1:{}/0", redis.access.endpoint.port);
    connect(&open).await.expect_err("without a password");
}

#[tokio::test]
async fn bindings_without_their_instance_are_destroyed() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let mut tenant = redis.tenant(&spec, &binding).await;
    run::<()>(&mut tenant, &["SET", "key", "value"])
        .await
        .expect("write");
    let mark = format!("svc_{}", short(spec.instance));
    redis.server.run::<()>(&["ACL", "DELUSER", &mark]).await;
    let listed = redis.driver.list(&redis.access).await.expect("list");
    assert_eq!(listed, [short(spec.instance)], "something of it is there");
    let checked = redis.driver.check(&redis.access, spec.instance).await;
    let error = checked.expect_err("the instance is not there");
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    redis
        .driver
        .destroy(&redis.access, spec.instance)
        .await
        .expect("destroy");
    run::<String>(&mut tenant, &["PING"])
        .await
        .expect_err("the binding's sessions are ended");
    let listed = redis.driver.list(&redis.access).await.expect("list");
    assert!(listed.is_empty(), "{listed:?}");
}

#[tokio::test]
async fn what_could_not_be_written_is_written_by_the_next_call() {
    let redis = Redis::start().await;
    let (spec, _) = redis.made().await;
    let chown = |owner: &str| {
        let done = redis.server.container.exec(&["chown", owner, "/data"]);
        done.expect("the owner can be changed");
    };
    for call in ["unbind", "destroy"] {
        let run = async || match call {
            "unbind" => redis.driver.unbind(&redis.access, spec.instance, 1).await,
            _ => redis.driver.destroy(&redis.access, spec.instance).await,
        };
        chown("root");
        let error = run().await.expect_err("the file cannot be written");
        assert!(matches!(error, Error::Failed { .. }), "{error:?}");
        chown(&WANTED.kind);
        run().await.expect(call);
        let file = redis.server.container.exec(&["cat", "/data/users.acl"]);
        let file = file.expect("the file of the users");
        assert!(
            !file.contains(&format!("{}_1 ", short(spec.instance))),
            "{file}"
        );
    }
    assert_eq!(redis.traces(spec.instance).await, Vec::<String>::new());
}
