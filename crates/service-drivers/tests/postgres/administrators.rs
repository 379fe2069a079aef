//! Administrators that do and that do not do, and what `prepare` changes.

use std::time::Duration;

use windlass_services::{Access, Driver, Endpoint, Error, Tls};

use crate::fixture::{Postgres, binding, name, spec};
use crate::server::{Server, shared};

#[tokio::test]
async fn a_role_without_the_rights_is_told_which_it_lacks() {
    let server = shared().await;
    let cases = [
        (
            "NOCREATEDB NOCREATEROLE",
            false,
            "lacks CREATEDB and CREATEROLE and membership of pg_signal_backend",
        ),
        (
            "CREATEDB NOCREATEROLE",
            true,
            "lacks CREATEROLE; let a superuser run: ALTER ROLE",
        ),
        (
            "CREATEDB CREATEROLE",
            false,
            "lacks membership of pg_signal_backend",
        ),
    ];
    for (rights, may_signal, expected) in cases {
        let fixture = Postgres::new(server, server.administrator(rights, may_signal).await);
        let error = fixture
            .driver
            .prepare(&fixture.access)
            .await
            .expect_err("the rights do not do");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn prepare_closes_the_common_databases() {
    let server = Server::start().await;
    let open = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database
                 WHERE has_database_privilege('public', oid, 'CONNECT')
                    OR has_database_privilege('public', oid, 'TEMP')";
    let coalesced = format!("SELECT coalesce(({open}), '')");
    assert_eq!(
        server.text(&coalesced).await,
        "postgres template0 template1"
    );
    let driver = windlass_service_drivers::postgres::PostgresDriver::new();

    // Who may not close them can work all the same.
    let weak = server.least_privileged().await;
    driver
        .prepare(&weak)
        .await
        .expect("hardening is not a condition");
    assert_eq!(
        server.text(&coalesced).await,
        "postgres template0 template1"
    );

    driver.prepare(&server.superuser).await.expect("prepare");
    // Nobody can connect to template0 whatever the rights say.
    assert_eq!(server.text(&coalesced).await, "template0");
    driver
        .prepare(&weak)
        .await
        .expect("the other administrator was not shut out");
}

#[tokio::test]
async fn tenants_cannot_connect_to_the_common_databases() {
    let server = shared().await;
    Postgres::new(server, server.superuser.clone()).made().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, binding) = fixture.made().await;
    for database in ["postgres", "template1", "template0"] {
        let mut config = crate::fixture::dsn(&fixture.variables(&spec, &binding));
        config.dbname(database);
        assert!(
            crate::server::connect(&config).await.is_err(),
            "{database} is closed to tenants"
        );
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn two_administrators_may_follow_one_another() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, binding) = fixture.made().await;
    let successor = Postgres::new(server, server.least_privileged().await);
    let provision = async || successor.driver.provision(&successor.access, &spec).await;
    let number = server.text("SHOW server_version_num").await;
    if number.parse::<u32>().expect("a number") >= 160_000 {
        let error = provision().await.expect_err("its roles are another's");
        let group = name(&spec);
        let user = &successor.access.user;
        let grant = |role: &str| format!("GRANT \"{role}\" TO \"{user}\" WITH ADMIN OPTION");
        assert!(error.to_string().contains(&grant(&group)), "{error}");
        // What the error says to do, for each of the instance's roles.
        for role in [group.clone(), format!("{group}_1")] {
            server.run(&grant(&role)).await;
        }
    }
    provision()
        .await
        .expect("provision takes the instance over");
    successor
        .driver
        .bind(&successor.access, &spec, &binding)
        .await
        .expect("bind");
    successor
        .driver
        .check(&successor.access, spec.instance)
        .await
        .expect("check");
    successor.destroy(&spec).await;
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let driver = &fixture.driver;
    let prepare = async |access: Access| {
        driver
            .prepare(&access)
            .await
            .expect_err("this access does not work")
    };
    let access = || fixture.access.clone();

    let error = prepare(Access {
        database: Some("nowhere".to_owned()),
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    assert!(error.to_string().contains("database 'nowhere'"), "{error}");

    let error = prepare(Access {
        user: "nobody".to_owned(),
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");

    for tls in [Tls::Require, Tls::Verify] {
        let error = prepare(Access { tls, ..access() }).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("sslmode=disable"), "{error}");
    }

    let endpoint = Endpoint {
        host: "no-such-host.invalid".to_owned(),
        port: 5432,
    };
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("no-such-host.invalid:5432"),
        "{error}"
    );

    server
        .run(&format!(
            "ALTER ROLE {} CONNECTION LIMIT 0",
            fixture.access.user
        ))
        .await;
    let error = prepare(access()).await;
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(
        error.to_string().contains("too many connections"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_after_the_time_out() {
    // It accepts the connection, as the kernel does for it, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let server = shared().await;
    let endpoint = Endpoint {
        host: "127.0.0.1".to_owned(),
        port: silent.local_addr().expect("an address").port(),
    };
    let fixture = Postgres::new(
        server,
        Access {
            endpoint,
            ..server.superuser.clone()
        },
    );
    let spec = spec();
    let call = fixture.driver.provision(&fixture.access, &spec);
    let answer = tokio::time::timeout(Duration::from_secs(30), call)
        .await
        .expect("there is a time-out");
    let error = answer.expect_err("nobody answers");
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("gave no answer within 10s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_superusers_session_in_the_way_of_destroy_is_named() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, _) = fixture.made().await;
    let monitoring = server.connect(&name(&spec)).await;
    let error = fixture
        .driver
        .destroy(&fixture.access, spec.instance)
        .await
        .expect_err("not ours to end");
    assert!(
        error
            .to_string()
            .contains("only a superuser can end that session"),
        "{error}"
    );
    assert!(error.is_transient(), "it can be tried again");
    drop(monitoring);
    // The server takes a moment to see that the connection is gone.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while let Err(error) = fixture.driver.destroy(&fixture.access, spec.instance).await {
        assert!(tokio::time::Instant::now() < deadline, "{error}");
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_foreign_database_is_a_conflict_and_stays() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let spec = spec();
    server
        .run(&format!("CREATE DATABASE {}", name(&spec)))
        .await;
    let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
    let error = provisioned.expect_err("the database is somebody else's");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    let bound = fixture
        .driver
        .bind(&fixture.access, &spec, &binding(1))
        .await;
    assert!(matches!(bound, Err(Error::Conflict { .. })), "{bound:?}");
    let destroyed = fixture.driver.destroy(&fixture.access, spec.instance).await;
    assert!(
        matches!(destroyed, Err(Error::Conflict { .. })),
        "{destroyed:?}"
    );
    let role = format!(
        "SELECT count(*)::text FROM pg_roles WHERE rolname = '{}'",
        name(&spec)
    );
    assert_eq!(server.text(&role).await, "0", "no role was made beside it");
    server.run(&format!("DROP DATABASE {}", name(&spec))).await;
}
