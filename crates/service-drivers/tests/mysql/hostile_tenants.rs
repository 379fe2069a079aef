//! What a tenant may not do, and what it may must not stand in the way of revoking and destroying.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use windlass_services::conformance::Fixture;
use windlass_services::{Driver, Error};

use crate::fixture::{Mysql, name};
use crate::server::{run, texts};

#[tokio::test]
async fn a_tenant_sees_and_ends_nobody_else() {
    let fixture = Mysql::prepared().await;
    let (mine, one) = fixture.made().await;
    let (theirs, two) = fixture.made().await;
    let mut me = fixture.tenant(&mine, &one).await;
    let mut them = fixture.tenant(&theirs, &two).await;
    let seen = texts(
        &mut me,
        "SELECT DISTINCT USER FROM information_schema.PROCESSLIST",
    )
    .await;
    assert_eq!(
        seen.expect("its own sessions"),
        [format!("{}_1", name(&mine))]
    );
    let seen = texts(&mut me, "SHOW DATABASES").await;
    assert_eq!(
        seen.expect("its own databases"),
        ["information_schema".to_owned(), name(&mine)]
    );
    let id = texts(&mut them, "SELECT CONNECTION_ID()")
        .await
        .expect("an id");
    let their = name(&theirs);
    for sql in [
        format!("KILL {}", id[0]),
        "SELECT User FROM mysql.user".to_owned(),
        "SELECT Priv FROM mysql.global_priv".to_owned(),
        "SELECT token FROM svc_windlass.cluster".to_owned(),
        "INSERT INTO svc_windlass.instances VALUES ('x', 'x', 1, 'x')".to_owned(),
        format!(
            "ALTER USER {}_1@'%' WITH MAX_USER_CONNECTIONS 0",
            name(&mine)
        ),
        format!("GRANT SELECT ON {}.* TO {their}_1@'%'", name(&mine)),
        "SHOW GRANTS FOR root@'%'".to_owned(),
        "SET GLOBAL max_connections = 1".to_owned(),
        "SELECT * FROM mysql.general_log".to_owned(),
        "INSTALL SONAME 'auth_socket'".to_owned(),
        "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'".to_owned(),
        "SHUTDOWN".to_owned(),
        "FLUSH TABLES WITH READ LOCK".to_owned(),
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')".to_owned(),
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE t".to_owned(),
        // The underscore of the grant is no wildcard.
        format!("CREATE DATABASE {}", name(&mine).replace("svc_", "svcX")),
        "CREATE DATABASE test".to_owned(),
        "CREATE DATABASE test_shared".to_owned(),
    ] {
        assert!(run(&mut me, &sql).await.is_err(), "{sql}");
    }
    // The server finds no session of theirs that this one may end, and takes that for a success.
    drop(run(&mut me, &format!("KILL USER {their}_1@'%'")).await);
    assert!(
        run(&mut them, "SELECT 1").await.is_ok(),
        "the other goes on"
    );
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}

#[tokio::test]
async fn a_tenant_cannot_keep_us_out() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let name = name(&spec);
    let mut tenant = fixture.tenant(&spec, &one).await;
    for lock in [name.clone(), format!(" {name}"), format!("windlass {name}")] {
        run(&mut tenant, &format!("DO GET_LOCK('{lock}', 0)"))
            .await
            .expect("anybody may take a lock");
    }
    let begun = Instant::now();
    fixture.bound(&spec, 2).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "nobody waited");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn locks_and_changed_passwords_are_no_way_to_stay() {
    let fixture = Mysql::prepared().await;
    for is_destroyed in [true, false] {
        let (spec, one) = fixture.made().await;
        let mut tenant = fixture.tenant(&spec, &one).await;
        for sql in [
            "SET PASSWORD = PASSWORD('mine')",
            "CREATE TABLE held (n INT)",
            "CREATE TABLE other (n INT)",
            "SET autocommit = 0",
            "SET lock_wait_timeout = 3600",
            "INSERT INTO other VALUES (1)",
            "LOCK TABLES held WRITE, other WRITE",
        ] {
            run(&mut tenant, sql).await.expect(sql);
        }
        if !is_destroyed {
            fixture.unbind(&spec, 1).await;
            assert!(run(&mut tenant, "SELECT 1").await.is_err());
        }
        fixture.destroy(&spec).await;
        assert!(run(&mut tenant, "SELECT 1").await.is_err());
    }
}

#[tokio::test]
async fn a_revoked_binding_cannot_be_kept_open_by_another_ones_locks() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let two = fixture.bound(&spec, 2).await;
    let mut first = fixture.tenant(&spec, &one).await;
    let mut second = fixture.tenant(&spec, &two).await;
    for sql in ["CREATE TABLE t (n INT)", "CREATE VIEW v AS SELECT n FROM t"] {
        run(&mut first, sql).await.expect(sql);
    }
    run(&mut second, "LOCK TABLES t WRITE")
        .await
        .expect("a tenant may do this");
    timeout(Duration::from_mins(1), fixture.unbind(&spec, 1))
        .await
        .expect("unbind waits for nobody's table");
    assert!(run(&mut first, "SELECT 1").await.is_err());
    let mut third = fixture.tenant(&spec, &two).await;
    run(&mut second, "UNLOCK TABLES")
        .await
        .expect("its own locks");
    texts(&mut third, "SELECT n FROM v")
        .await
        .expect("the revoked one's view works");
    fixture.destroy(&spec).await;
}

/// The server looks at the user when the login begins: one that is locked afterwards would come in.
#[tokio::test]
async fn a_login_that_is_held_half_way_does_not_survive() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let mut tenant = fixture.tenant(&spec, &one).await;
    // Kept, and not dropped.
    run(&mut tenant, "CREATE VIEW v AS SELECT 1 AS n")
        .await
        .expect("a tenant may do this");
    let endpoint = &fixture.access.endpoint;
    let mut held = TcpStream::connect((endpoint.host.as_str(), endpoint.port))
        .await
        .expect("the server accepts");
    let greeting = packet(&mut held).await.expect("a greeting");
    assert_eq!(greeting[0], 10, "the protocol's version");
    let end = greeting.iter().position(|byte| *byte == 0);
    let id = &greeting[end.expect("the server's version ends")..][1..5];
    let id = u32::from_le_bytes(id.try_into().expect("four bytes"));
    let sessions = format!("SELECT USER FROM information_schema.PROCESSLIST WHERE ID = {id}");
    // Long passwords, protocol 4.1, secure connection, named methods.
    let mut login = 0x0008_8201_u32.to_le_bytes().to_vec();
    login.extend(0x0100_0000_u32.to_le_bytes());
    login.push(45);
    login.extend([0; 23]);
    login.extend(format!("{}_1\0\0unheard_of\0", name(&spec)).into_bytes());
    let length = u8::try_from(login.len()).expect("short");
    held.write_all(&[length, 0, 0, 1]).await.expect("write");
    held.write_all(&login).await.expect("write");
    let asked = packet(&mut held).await.expect("an answer");
    assert_eq!(asked[0], 0xFE, "the server asks for another method");

    let before = fixture.server.texts(&sessions).await;
    assert_eq!(before, [format!("{}_1", name(&spec))], "not yet logged in");
    fixture.unbind(&spec, 1).await;
    let after = fixture.server.texts(&sessions).await;
    assert_eq!(after, Vec::<String>::new(), "unbind has ended it");
    while let Some(last) = packet(&mut held).await {
        assert_eq!(last[0], 0xFF, "an error and nothing else");
    }
    fixture.destroy(&spec).await;
}

/// A packet of the protocol, or none when the connection is closed.
async fn packet(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some(payload)
}

#[tokio::test]
async fn foreign_users_named_as_bindings_are_left_alone() {
    let fixture = Mysql::prepared().await;
    let (spec, _) = fixture.made().await;
    let name = name(&spec);
    fixture
        .server
        .run(&[
            format!("CREATE USER {name}_9@'%'"),
            // Preferred to ours when an application connects from there.
            format!("CREATE USER {name}_1@'10.%'"),
        ])
        .await;
    for generation in [1, 9] {
        let unbound = fixture
            .driver
            .unbind(&fixture.access, spec.instance, generation)
            .await;
        assert!(
            matches!(unbound, Err(Error::Conflict { .. })),
            "{unbound:?}"
        );
        let binding = crate::fixture::binding(generation);
        let bound = fixture.driver.bind(&fixture.access, &spec, &binding).await;
        assert!(matches!(bound, Err(Error::Conflict { .. })), "{bound:?}");
    }
    fixture
        .driver
        .destroy(&fixture.access, spec.instance)
        .await
        .expect("destroy");
    let left = fixture.traces(spec.instance).await;
    assert_eq!(left.len(), 2, "only the foreign users are left: {left:?}");
    fixture
        .server
        .run(&[
            format!("DROP USER {name}_9@'%'"),
            format!("DROP USER {name}_1@'10.%'"),
        ])
        .await;
}
