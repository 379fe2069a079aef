//! What an application may do on its own server, and what not.

use redis::aio::MultiplexedConnection;
use secrecy::ExposeSecret;
use windlass_services::{Driver, Error};

use crate::fixture::{Redis, value};
use crate::server::{connect, run};

/// What concerns the server, its users or the administrator.
const DENIED: [&str; 38] = [
    "SHUTDOWN NOSAVE",
    "CONFIG GET *",
    "CONFIG SET maxclients 1",
    "CONFIG SET dir /tmp",
    "CONFIG REWRITE",
    "CONFIG RESETSTAT",
    "ACL LIST",
    "ACL USERS",
    "ACL GETUSER default",
    "ACL SETUSER me on nopass +@all",
    "ACL DELUSER windlass",
    "ACL LOG",
    "ACL LOAD",
    "ACL SAVE",
    "ACL DRYRUN windlass GET x",
    "REPLICAOF 127.0.0.1 9",
    "SLAVEOF 127.0.0.1 9",
    "FAILOVER",
    "SYNC",
    "PSYNC ? -1",
    "REPLCONF listening-port 9",
    "MIGRATE 127.0.0.1 9 key 0 1000",
    "RESTORE key 0 x",
    "MONITOR",
    "DEBUG SLEEP 60",
    "MODULE LOAD /tmp/x.so",
    "MODULE LOADEX /tmp/x.so",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "LATENCY RESET",
    "SLOWLOG RESET",
    "CLIENT KILL USER windlass",
    "CLIENT PAUSE 60000",
    "CLIENT NO-EVICT on",
    "CLUSTER RESET",
    "PFSELFTEST",
    "LASTSAVE",
];

/// What frameworks use.
const ALLOWED: [&str; 44] = [
    "PING",
    "HELLO 2",
    "SELECT 3",
    "SET key value EX 60",
    "GET key",
    "KEYS *",
    "SCAN 0 MATCH k* COUNT 100",
    "RANDOMKEY",
    "DBSIZE",
    "TYPE key",
    "OBJECT ENCODING key",
    "MEMORY USAGE key",
    "DUMP key",
    "RENAME key other",
    "LPUSH list 2 1",
    "SORT list",
    "SORT_RO list",
    "BRPOP list 1",
    "XADD stream * field value",
    "XGROUP CREATE stream group 0",
    "XREADGROUP GROUP group me COUNT 1 STREAMS stream >",
    "ZADD sorted 1 member",
    "PFADD counted member",
    "PUBLISH channel message",
    "PUBSUB CHANNELS",
    "EVAL return(redis.call('SET',KEYS[1],ARGV[1])) 1 key value",
    "SCRIPT LOAD return(1)",
    "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
    "SCRIPT FLUSH",
    "FUNCTION LIST",
    "INFO",
    "ROLE",
    "TIME",
    "COMMAND COUNT",
    "CLIENT LIST",
    "CLIENT ID",
    "CLIENT INFO",
    "CLIENT SETNAME worker",
    "MODULE LIST",
    "SLOWLOG GET 10",
    "ACL WHOAMI",
    "SWAPDB 3 4",
    "FLUSHDB",
    "FLUSHALL",
];

/// By the user's rights, or by a setting that nobody changes while the server runs.
fn is_denial(error: &redis::RedisError) -> bool {
    error.code() == Some("NOPERM") || error.to_string().contains("command not allowed")
}

async fn try_all(connection: &mut MultiplexedConnection, commands: &[&str]) -> Vec<String> {
    let mut denied = Vec::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let tried = run::<redis::Value>(connection, &words).await;
        match tried {
            Err(error) if is_denial(&error) => denied.push((*command).to_owned()),
            Err(error) => panic!("{command}: {error}"),
            Ok(_) => {}
        }
    }
    denied
}

#[tokio::test]
async fn an_application_has_all_but_the_server() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let variables = redis.variables(&spec, &binding);
    let own = value(&variables, "REDIS_URL");
    let nameless = format!(
        "redis://:{}@{}:{}/0",
        value(&variables, "DEFAULT_CACHE_PASSWORD"),
        value(&variables, "DEFAULT_CACHE_HOST"),
        value(&variables, "DEFAULT_CACHE_PORT")
    );
    for url in [own, nameless] {
        let mut connection = connect(&url).await.expect("the tenant can connect");
        let denied = try_all(&mut connection, &DENIED).await;
        assert_eq!(denied, DENIED);
        let mut connection = connect(&url).await.expect("the tenant can connect");
        let denied = try_all(&mut connection, &ALLOWED).await;
        assert_eq!(denied, Vec::<String>::new());
    }
    redis
        .driver
        .check(&redis.access, spec.instance)
        .await
        .expect("the instance works");
}

#[tokio::test]
async fn nothing_is_open_without_a_password() {
    let redis = Redis::start().await;
    let url = format!("redis://127.0.0.1:{}/0", redis.access.endpoint.port);
    connect(&url).await.expect_err("before it is prepared");
    let (spec, _) = redis.made().await;
    connect(&url).await.expect_err("with a binding");
    redis
        .driver
        .destroy(&redis.access, spec.instance)
        .await
        .expect("destroy");
    connect(&url).await.expect_err("after it was destroyed");
}

#[tokio::test]
async fn a_script_without_end_is_ended() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let words = ["CONFIG", "SET", "busy-reply-threshold", "50"];
    redis.server.run::<()>(&words).await;
    let mut tenant = redis.tenant(&spec, &binding).await;
    tenant.set_response_timeout(std::time::Duration::from_mins(1));
    let words = ["EVAL", "while true do end", "0"];
    let (script, revoked) = tokio::join!(run::<redis::Value>(&mut tenant, &words), async {
        // Until the script holds the server.
        redis
            .server
            .container
            .wait_until(async || {
                let check = redis.driver.check(&redis.access, spec.instance).await;
                check.err().ok_or("the script does not run yet")
            })
            .await;
        redis.driver.unbind(&redis.access, spec.instance, 1).await
    });
    script.expect_err("the script was ended");
    revoked.expect("the binding can be revoked");
}

#[tokio::test]
async fn a_full_server_says_so() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let mut open = Vec::new();
    let url = value(&redis.variables(&spec, &binding), "REDIS_URL");
    while let Ok(connection) = connect(&url).await {
        open.push(connection);
    }
    let refused = redis.driver.unbind(&redis.access, spec.instance, 1).await;
    let error = refused.expect_err("there is no connection left");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    open.truncate(5);
    redis
        .server
        .container
        .wait_until(async || redis.driver.unbind(&redis.access, spec.instance, 1).await)
        .await;
}

#[tokio::test]
async fn a_server_without_memory_says_so() {
    let redis = Redis::start().await;
    let (spec, binding) = redis.made().await;
    let mut tenant = redis.tenant(&spec, &binding).await;
    run::<()>(&mut tenant, &["SET", "kept", &"x".repeat(1 << 20)])
        .await
        .expect("write");
    let words = ["CONFIG", "SET", "maxmemory", "1mb"];
    redis.server.run::<()>(&words).await;
    let refused = redis.driver.check(&redis.access, spec.instance).await;
    let error = refused.expect_err("there is no memory left");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    redis
        .driver
        .unbind(&redis.access, spec.instance, 1)
        .await
        .expect("a binding can be revoked");
    redis.bound(&spec, 2).await;
    redis
        .driver
        .destroy(&redis.access, spec.instance)
        .await
        .expect("the instance can be destroyed");
}

#[tokio::test]
async fn what_the_server_remembers_has_no_password() {
    let redis = Redis::start().await;
    let words = ["CONFIG", "SET", "slowlog-log-slower-than", "0"];
    redis.server.run::<()>(&words).await;
    let (spec, binding) = redis.made().await;
    let mut tenant = redis.tenant(&spec, &binding).await;
    let slow: redis::Value = run(&mut tenant, &["SLOWLOG", "GET", "-1"])
        .await
        .expect("the slow commands");
    let slow = format!("{slow:?}");
    assert!(slow.contains("SETUSER"), "{slow}");
    for secret in [&binding.password, &redis.access.password] {
        assert!(!slow.contains(secret.expose_secret()));
    }
}
