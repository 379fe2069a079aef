//! A server that is stopped and started again.

use secrecy::ExposeSecret;
use windlass_services::Driver;

use crate::fixture::Redis;
use crate::server::{WANTED, run};

async fn restart(redis: &mut Redis) {
    redis.server.restart().await;
    redis.access = redis.server.superuser.clone();
}

async fn maximum(redis: &Redis) -> String {
    let words = ["CONFIG", "GET", "maxclients"];
    let (_, value): (String, String) = redis.server.run(&words).await;
    value
}

#[tokio::test]
async fn users_data_and_limits_outlive_a_restart() {
    let mut redis = Redis::start().await;
    let (spec, one) = redis.made().await;
    let two = redis.bound(&spec, 2).await;
    let mut tenant = redis.tenant(&spec, &one).await;
    run::<()>(&mut tenant, &["SET", "kept", "yes"])
        .await
        .expect("write");
    redis
        .driver
        .unbind(&redis.access, spec.instance, 2)
        .await
        .expect("unbind");
    let limit = maximum(&redis).await;
    restart(&mut redis).await;

    let mut tenant = redis.tenant(&spec, &one).await;
    let kept: String = run(&mut tenant, &["GET", "kept"]).await.expect("read");
    assert_eq!(kept, "yes");
    let url = crate::fixture::value(&redis.variables(&spec, &two), "REDIS_URL");
    crate::server::connect(&url)
        .await
        .expect_err("what was revoked stays so");
    redis.driver.prepare(&redis.access).await.expect("prepare");
    assert_eq!(maximum(&redis).await, limit, "prepare sets it again");
    redis
        .driver
        .provision(&redis.access, &spec)
        .await
        .expect("the instance is known");
    redis
        .driver
        .destroy(&redis.access, spec.instance)
        .await
        .expect("destroy");
    restart(&mut redis).await;
    let users: Vec<String> = redis.server.run(&["ACL", "USERS"]).await;
    assert_eq!(users, ["default", "windlass"]);
    let keys: u64 = redis.server.run(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn the_administrators_password_is_set_at_each_start() {
    let mut redis = Redis::start().await;
    let words = ["ACL", "SETUSER", "windlass", "resetpass", ">forgotten"];
    redis.server.run::<()>(&words).await;
    // The file as it is after that, and one that somebody emptied.
    for damage in [
        "sed -i 's/^user windlass .*/user windlass off/' /data/users.acl",
        ": >/data/users.acl",
    ] {
        let done = redis.server.container.exec(&["sh", "-c", damage]);
        done.expect("the file can be damaged");
        restart(&mut redis).await;
        let users: Vec<String> = redis.server.run(&["ACL", "LIST"]).await;
        assert!(users[0].starts_with("user default off"), "{users:?}");
    }
}

#[tokio::test]
async fn the_password_stays_out_of_process_one() {
    let redis = Redis::start().await;
    let secret = redis.access.password.expose_secret();
    for file in ["/proc/1/cmdline", "/proc/1/environ", "/data/users.acl"] {
        // As the server's user: root in a container may not look into it.
        let words = [
            "setpriv",
            &format!("--reuid={}", WANTED.kind),
            &format!("--regid={}", WANTED.kind),
            "--clear-groups",
            "cat",
            file,
        ];
        let read = redis.server.container.exec(&words);
        let text = read.expect("the file can be read");
        assert!(!text.contains(secret), "{file}");
    }
    let name = redis.server.container.exec(&["cat", "/proc/1/comm"]);
    assert_eq!(
        name.expect("a name").trim(),
        format!("{}-server", WANTED.kind)
    );
    let owner = redis
        .server
        .container
        .exec(&["stat", "-c", "%U %a", "/proc/1", "/data/users.acl"]);
    let owner = owner.expect("owners");
    // The images name the user after the server.
    let user = format!("{} ", WANTED.kind);
    assert!(owner.lines().all(|line| line.starts_with(&user)), "{owner}");
}
