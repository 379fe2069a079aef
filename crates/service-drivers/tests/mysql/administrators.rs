//! Administrators that do and that do not do, and what `prepare` changes.

use std::time::Duration;

use windlass_service_drivers::mysql::MysqlDriver;
use windlass_services::{Access, Driver, Endpoint, Error, Tls};

use crate::fixture::{Mysql, binding, name, spec};
use crate::server::{Server, WANTED, connect, options, run, shared, texts};

#[tokio::test]
async fn a_user_without_the_rights_is_told_which_it_lacks() {
    let server = shared().await;
    let cases: [(&[&str], &str); 4] = [
        (
            &[],
            "lacks CREATE USER and PROCESS and CONNECTION ADMIN and SELECT on the database mysql and all rights on svc",
        ),
        (
            &[
                "GRANT PROCESS, CONNECTION ADMIN ON *.* TO {}",
                "GRANT SELECT ON mysql.* TO {}",
                "GRANT ALL PRIVILEGES ON `svc\\_%`.* TO {} WITH GRANT OPTION",
            ],
            "lacks CREATE USER; let root run: GRANT CREATE USER ON *.* TO 'padmin_",
        ),
        (
            &[
                "GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO {}",
                "GRANT SELECT ON mysql.* TO {}",
                "GRANT ALL PRIVILEGES ON `svc\\_%`.* TO {}",
            ],
            "lacks all rights on svc\\_% with GRANT OPTION; let root run: GRANT ALL PRIVILEGES ON `svc\\_%`.*",
        ),
        (
            &[
                "GRANT CREATE USER, PROCESS, SUPER ON *.* TO {}",
                "GRANT ALL PRIVILEGES ON `svc\\_%`.* TO {} WITH GRANT OPTION",
            ],
            "lacks SELECT on the database mysql; let root run: GRANT SELECT ON mysql.*",
        ),
    ];
    for (rights, expected) in cases {
        let fixture = Mysql::new(server, server.administrator(rights).await);
        let prepared = fixture.driver.prepare(&fixture.access).await;
        let error = prepared.expect_err("the rights do not do");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        // Whoever follows the advice gets on.
        let (_, remedy) = error
            .to_string()
            .split_once("let root run: ")
            .map(|(before, after)| (before.to_owned(), after.to_owned()))
            .expect("a remedy");
        let remedy: Vec<_> = remedy.split("; ").map(str::to_owned).collect();
        server.run(&remedy).await;
        let prepared = fixture.driver.prepare(&fixture.access).await;
        prepared.expect("the remedy does");
    }
}

#[tokio::test]
async fn prepare_closes_what_old_servers_leave_open() {
    let server = Server::start().await;
    // As mariadb-install-db leaves it, and as older servers do.
    let open = [
        "CREATE DATABASE test",
        "CREATE USER ''@'localhost'",
        "CREATE USER ''@'%'",
        "GRANT ALL ON test.* TO PUBLIC",
        "GRANT ALL ON `test\\_%`.* TO PUBLIC",
        "INSERT INTO mysql.db (Host, Db, User, Select_priv, Create_priv) VALUES ('%', 'test', '', 'Y', 'Y')",
        "FLUSH PRIVILEGES",
    ];
    server.run(&open.map(str::to_owned)).await;
    let nameless = "SELECT COUNT(*) FROM mysql.user WHERE User = ''";
    let grants = "SELECT COUNT(*) FROM mysql.db WHERE Db LIKE 'test%'";
    let databases = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test'";
    let driver = MysqlDriver::mariadb();

    // Who may not close them can work all the same.
    let weak = server.least_privileged().await;
    driver
        .prepare(&weak)
        .await
        .expect("hardening is not a condition");
    assert_eq!(server.texts(nameless).await, ["0"], "that it may");
    assert_eq!(server.texts(grants).await, ["2"], "those of PUBLIC");

    driver.prepare(&server.root).await.expect("prepare");
    assert_eq!(server.texts(grants).await, ["0"]);
    assert_eq!(server.texts(databases).await, ["0"]);
    driver.prepare(&weak).await.expect("and goes on");

    // A database with something in it is somebody's, whatever its name.
    let used = ["CREATE DATABASE test", "CREATE TABLE test.t (n INT)"];
    server.run(&used.map(str::to_owned)).await;
    driver.prepare(&server.root).await.expect("prepare");
    assert_eq!(server.texts(databases).await, ["1"]);

    // Both administrators see the same instances.
    let spec = spec();
    driver.provision(&weak, &spec).await.expect("provision");
    let checked = driver.check(&server.root, spec.instance).await;
    checked.expect("another administrator finds it");
    driver
        .destroy(&server.root, spec.instance)
        .await
        .expect("and may destroy it");

    // A server that takes no writes is none for us.
    server.run(&["SET GLOBAL read_only = 1".to_owned()]).await;
    let error = driver.prepare(&server.root).await;
    let error = error.expect_err("read-only");
    assert!(error.to_string().contains("read-only replica"), "{error}");
    server.run(&["SET GLOBAL read_only = 0".to_owned()]).await;

    // Records of somebody else.
    let foreign = [
        "DROP DATABASE svc_windlass",
        "CREATE DATABASE svc_windlass",
        "CREATE TABLE svc_windlass.own (n INT)",
    ];
    server.run(&foreign.map(str::to_owned)).await;
    let error = driver.prepare(&server.root).await;
    assert!(matches!(error, Err(Error::Conflict { .. })), "{error:?}");
}

#[tokio::test]
async fn a_full_server_is_full_and_lets_its_administrator_in() {
    let server = Server::start().await;
    let driver = MysqlDriver::mariadb();
    driver.prepare(&server.root).await.expect("prepare");
    let (spec, one) = (spec(), binding(1));
    driver
        .provision(&server.root, &spec)
        .await
        .expect("provision");
    driver.bind(&server.root, &spec, &one).await.expect("bind");
    server
        .run(&["SET GLOBAL max_connections = 10".to_owned()])
        .await;
    let tenant = Access {
        user: format!("{}_1", name(&spec)),
        password: one.password.clone(),
        ..server.root.clone()
    };
    let mut open = Vec::new();
    while open.len() < 10 {
        if let Ok(connection) = connect(&options(&tenant)).await {
            open.push(connection);
        }
    }
    let checked = driver.check(&server.root, spec.instance).await;
    checked.expect("one connection is the administrator's");
    // Taken as well, once the server has seen that the driver's own is gone.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let mut last = loop {
        match connect(&options(&server.root)).await {
            Ok(last) => break last,
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
        }
    };
    let error = driver.check(&server.root, spec.instance).await;
    let error = error.expect_err("no connection is left");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    run(&mut last, "SELECT 1").await.expect("it goes on");
}

#[tokio::test]
async fn a_server_of_the_other_product_is_not_supported() {
    let server = shared().await;
    let driver = MysqlDriver::mysql();
    let error = driver
        .prepare(&server.root)
        .await
        .expect_err("it is MariaDB");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let says = format!(
        "it runs MariaDB {}; versions 8.0 to 8.4 are supported of MySQL",
        WANTED.version
    );
    assert!(error.to_string().contains(&says), "{error}");
}

#[tokio::test]
async fn two_administrators_may_follow_one_another() {
    let fixture = Mysql::prepared().await;
    let (spec, binding) = fixture.made().await;
    let successor = Mysql::prepared().await;
    let (driver, access) = (&successor.driver, &successor.access);
    driver.provision(access, &spec).await.expect("provision");
    driver.bind(access, &spec, &binding).await.expect("bind");
    driver.check(access, spec.instance).await.expect("check");
    successor.destroy(&spec).await;
}

#[tokio::test]
async fn the_sql_mode_and_settings_of_the_server_do_not_matter() {
    let server = Server::start().await;
    let settings = [
        "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
        "SET GLOBAL autocommit = 0",
        "SET GLOBAL sql_safe_updates = 1",
        "SET GLOBAL character_set_server = latin1",
    ];
    server.run(&settings.map(str::to_owned)).await;
    let driver = MysqlDriver::mariadb();
    let mut spec = spec();
    spec.comment = "it's a \\ \"test\" of ünïcode 🔑\n".to_owned();
    let one = binding(1);
    for _ in 0..2 {
        driver.prepare(&server.root).await.expect("prepare");
        let provisioned = driver.provision(&server.root, &spec).await;
        provisioned.expect("provision");
        driver.bind(&server.root, &spec, &one).await.expect("bind");
    }
    let comment = "SELECT comment FROM svc_windlass.instances";
    assert_eq!(
        server.texts(comment).await,
        ["it's a \\ \"test\" of ünïcode 🔑 "]
    );
    let tenant = Access {
        user: format!("{}_1", name(&spec)),
        password: one.password.clone(),
        ..server.root.clone()
    };
    let options = options(&tenant).database(&name(&spec));
    let mut tenant = connect(&options).await.expect("the tenant can connect");
    let charset = "SELECT @@character_set_database";
    assert_eq!(
        texts(&mut tenant, charset).await.expect("text"),
        ["utf8mb4"]
    );
    let unbound = driver.unbind(&server.root, spec.instance, 1).await;
    unbound.expect("unbind");
    let destroyed = driver.destroy(&server.root, spec.instance).await;
    destroyed.expect("destroy");
    assert_eq!(
        driver.list(&server.root).await.expect("list"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let fixture = Mysql::prepared().await;
    let driver = &fixture.driver;
    let prepare = async |access: Access| {
        driver
            .prepare(&access)
            .await
            .expect_err("this access does not work")
    };
    let access = || fixture.access.clone();

    let error = prepare(Access {
        database: Some("svc_nowhere".to_owned()),
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    assert!(
        error.to_string().contains("database 'svc_nowhere'"),
        "{error}"
    );

    let error = prepare(Access {
        user: "nobody".to_owned(),
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");

    for tls in [Tls::Require, Tls::Verify] {
        let error = prepare(Access { tls, ..access() }).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    }

    let endpoint = Endpoint {
        host: "no-such-host.invalid".to_owned(),
        port: 3306,
    };
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("no-such-host.invalid:3306"),
        "{error}"
    );

    let lock = format!("ALTER USER '{}'@'%' ACCOUNT LOCK", fixture.access.user);
    fixture.server.run(&[lock]).await;
    let error = prepare(access()).await;
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(error.to_string().contains("locked"), "{error}");
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
    let access = Access {
        endpoint,
        ..server.root.clone()
    };
    let fixture = Mysql::new(server, access);
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
async fn a_foreign_database_is_a_conflict_and_stays() {
    let fixture = Mysql::prepared().await;
    let spec = spec();
    let name = name(&spec);
    fixture
        .server
        .run(&[format!("CREATE DATABASE {name}")])
        .await;
    let (driver, access) = (&fixture.driver, &fixture.access);
    let provisioned = driver.provision(access, &spec).await;
    assert!(
        matches!(provisioned, Err(Error::Conflict { .. })),
        "{provisioned:?}"
    );
    let bound = driver.bind(access, &spec, &binding(1)).await;
    assert!(matches!(bound, Err(Error::Conflict { .. })), "{bound:?}");
    let destroyed = driver.destroy(access, spec.instance).await;
    assert!(
        matches!(destroyed, Err(Error::Conflict { .. })),
        "{destroyed:?}"
    );
    let rows = format!("SELECT COUNT(*) FROM svc_windlass.instances WHERE name = '{name}'");
    assert_eq!(fixture.server.texts(&rows).await, ["0"], "no row was made");
    fixture.server.run(&[format!("DROP DATABASE {name}")]).await;
}
