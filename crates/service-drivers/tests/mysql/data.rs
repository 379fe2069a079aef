//! Data out of MariaDB and in again: what is special to it.

use uuid::Uuid;
use windlass_model::id::OperationId;
use windlass_services::conformance::Fixture;
use windlass_services::{Data, Driver, Error, InstanceSpec, Source};

use crate::fixture::{Mysql, name};
use crate::server::{WANTED, run, texts};

const OBJECTS: [&str; 14] = [
    "CREATE TABLE goods (id INT PRIMARY KEY AUTO_INCREMENT, price INT, name VARCHAR(50), picture BLOB)",
    "CREATE TABLE sold (id INT PRIMARY KEY, good INT, CONSTRAINT fk_good FOREIGN KEY (good) REFERENCES goods (id))",
    "CREATE TABLE log (id INT, price INT)",
    "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
    "CREATE VIEW b_dear AS SELECT id, twice(price) AS price FROM goods WHERE price > 100",
    "CREATE VIEW a_dearest AS SELECT MAX(price) AS price FROM b_dear",
    "CREATE TRIGGER logged AFTER INSERT ON goods FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.id, NEW.price); END",
    "CREATE PROCEDURE prices() BEGIN SELECT price FROM goods ORDER BY id; END",
    "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM log WHERE id < 0",
    "INSERT INTO goods (price, name, picture) VALUES (10, 'it''s', x'00ff0a'), (500, 'line\\nend; \\\\', NULL)",
    "INSERT INTO sold VALUES (1, 2)",
    "CREATE TABLE `odd ``name` (`a b` INT)",
    "INSERT INTO `odd ``name` VALUES (1)",
    "CREATE VIEW mine AS SELECT COUNT(*) AS n FROM sold",
];

fn operation() -> OperationId {
    OperationId::from(Uuid::now_v7())
}

impl Mysql {
    fn data(&self) -> &dyn Data {
        self.driver.data().expect("its data can be copied")
    }

    async fn back_up(&self, spec: &InstanceSpec) -> Vec<u8> {
        let mut bytes = Vec::new();
        let data = self.data();
        let done = data.back_up(&self.access, spec, &self.server.tools, &mut bytes);
        done.await.expect("a backup");
        bytes
    }

    async fn restore(
        &self,
        spec: &InstanceSpec,
        operation: OperationId,
        mut bytes: &[u8],
    ) -> Result<(), Error> {
        let (data, tools) = (self.data(), &self.server.tools);
        let source = Source::default();
        data.restore(&self.access, spec, operation, tools, &source, &mut bytes)
            .await
    }

    async fn replace(&self, spec: &InstanceSpec, bytes: &[u8]) {
        let operation = operation();
        self.restore(spec, operation, bytes)
            .await
            .expect("a restore");
        let swapped = self.data().swap(&self.access, spec, operation).await;
        swapped.expect("a swap");
    }
}

/// All of it works, for a binding's user.
async fn assert_works(tenant: &mut sqlx::mysql::MySqlConnection) {
    let one = async |tenant: &mut sqlx::mysql::MySqlConnection, sql: &str| {
        texts(tenant, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    };
    assert_eq!(one(tenant, "SELECT price FROM a_dearest").await, ["1000"]);
    assert_eq!(one(tenant, "CALL prices()").await, ["10", "500"]);
    assert_eq!(
        one(tenant, "SELECT HEX(picture) FROM goods WHERE id = 1").await,
        ["00FF0A"]
    );
    assert_eq!(
        one(tenant, "SELECT HEX(name) FROM goods WHERE id = 2").await,
        ["6C696E650A656E643B205C"]
    );
    assert_eq!(one(tenant, "SELECT `a b` FROM `odd ``name`").await, ["1"]);
    assert_eq!(one(tenant, "SELECT n FROM mine").await, ["1"]);
    assert_eq!(
        one(tenant, "SELECT COUNT(*) FROM log").await,
        ["2"],
        "no trigger acted on the restore"
    );
    run(tenant, "INSERT INTO goods (price) VALUES (7)")
        .await
        .expect("insert");
    assert_eq!(
        one(tenant, "SELECT price FROM log WHERE price = 7").await,
        ["7"]
    );
    assert_eq!(
        one(tenant, "SELECT EVENT_NAME FROM information_schema.EVENTS").await,
        ["tidy"]
    );
    assert!(
        run(tenant, "INSERT INTO sold VALUES (2, 99)")
            .await
            .is_err(),
        "keys are checked"
    );
    for sql in [
        "ALTER TABLE goods ADD more INT",
        "DROP VIEW mine",
        "DROP TRIGGER logged",
        "DROP FUNCTION twice",
        "DROP EVENT tidy",
    ] {
        run(tenant, sql).await.expect(sql);
    }
}

#[tokio::test]
async fn everything_comes_back_and_works() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let mut tenant = fixture.tenant(&spec, &one).await;
    for sql in OBJECTS {
        run(&mut tenant, sql).await.expect(sql);
    }
    let bytes = fixture.back_up(&spec).await;
    // Twice: the second time what is replaced is what came in, defined by who loaded it.
    for _ in 0..2 {
        fixture.replace(&spec, &bytes).await;
        let mut tenant = fixture.tenant(&spec, &one).await;
        assert_works(&mut tenant).await;
    }
    // Into another instance, whose binding's user is another.
    let (other, two) = fixture.made().await;
    fixture.replace(&other, &bytes).await;
    let mut tenant = fixture.tenant(&other, &two).await;
    assert_works(&mut tenant).await;
    for name in [name(&spec), name(&other)] {
        let sql = format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '{name}\\_%'"
        );
        assert_eq!(
            fixture.server.texts(&sql).await,
            [""; 0],
            "one database each"
        );
    }
    fixture.destroy(&spec).await;
    fixture.destroy(&other).await;
    for table in ["restores", "objects", "copiers"] {
        let sql = format!(
            "SELECT COUNT(*) FROM svc_windlass.{table} WHERE {} IN ('{}', '{}')",
            if table == "copiers" {
                "instance"
            } else {
                "name"
            },
            name(&spec),
            name(&other)
        );
        assert_eq!(fixture.server.texts(&sql).await, ["0"], "{table}");
    }
}

#[tokio::test]
async fn dumps_by_hand_come_in_and_cut_ones_do_not() {
    let fixture = Mysql::prepared().await;
    let (spec, binding) = fixture.made().await;
    let mut tenant = fixture.tenant(&spec, &binding).await;
    for sql in OBJECTS {
        run(&mut tenant, sql).await.expect(sql);
    }
    let program = if WANTED.kind == "mysql" {
        "mysqldump"
    } else {
        "mariadb-dump"
    };
    let script = format!(
        "MYSQL_PWD=$MARIADB_ROOT_PASSWORD$MYSQL_ROOT_PASSWORD {program} -u root --routines --events --single-transaction {}",
        name(&spec)
    );
    let dumped = fixture
        .server
        .exec(&["sh", "-c", &script])
        .expect("a dump by hand");
    assert!(dumped.contains("DEFINER=`svc_"), "with definers");
    let (other, two) = fixture.made().await;
    fixture.replace(&other, dumped.as_bytes()).await;
    let mut tenant = fixture.tenant(&other, &two).await;
    assert_works(&mut tenant).await;
    drop(tenant);
    let end = dumped.find("-- Dump completed").expect("its end");
    let middle = dumped.find("CREATE TABLE `log`").expect("a table");
    for length in [end, end - 100, middle + 10, middle] {
        let cut = fixture
            .restore(&other, operation(), &dumped.as_bytes()[..length])
            .await;
        assert!(
            matches!(cut, Err(Error::Refused { .. })),
            "{length}: {cut:?}"
        );
    }
    for early in [
        "SELECT 'open",
        "/* open",
        "DELIMITER //\nSELECT 1;",
        "CREATE TABLE z (a INT",
    ] {
        let text = format!("CREATE TABLE y (a INT);\n{early}");
        let cut = fixture.restore(&other, operation(), text.as_bytes()).await;
        assert!(
            matches!(cut, Err(Error::Refused { .. })),
            "{early}: {cut:?}"
        );
    }
    fixture.destroy(&spec).await;
    fixture.destroy(&other).await;
}

#[tokio::test]
async fn hostile_dumps_reach_nothing_but_the_fresh_database() {
    let server = crate::server::shared().await;
    // Root is the administrator who would give most away.
    let fixture = Mysql::new(server, server.root.clone());
    fixture
        .driver
        .prepare(&fixture.access)
        .await
        .expect("prepare");
    let (theirs, other) = fixture.made().await;
    let (mine, binding) = fixture.made().await;
    for (spec, binding) in [(&theirs, &other), (&mine, &binding)] {
        let mut tenant = fixture.tenant(spec, binding).await;
        run(&mut tenant, "CREATE TABLE kept (a VARCHAR(9))")
            .await
            .expect("a table");
        run(&mut tenant, "INSERT INTO kept VALUES ('live')")
            .await
            .expect("a row");
    }
    let before = [
        fixture.traces(theirs.instance).await,
        fixture.traces(mine.instance).await,
    ];
    let (them, me) = (name(&theirs), name(&mine));
    let scripts = [
        format!("USE {them};\nDROP TABLE kept"),
        format!("USE {me};\nDROP TABLE kept"),
        format!("DROP DATABASE {them}"),
        format!("DROP DATABASE {me}"),
        format!("CREATE DATABASE {me}_more"),
        format!("INSERT INTO {me}.kept VALUES ('x')"),
        format!("ALTER USER '{them}_1'@'%' IDENTIFIED BY 'x'"),
        format!("CREATE DEFINER='{me}_1'@'%' VIEW v AS SELECT * FROM {me}.kept"),
        "CREATE USER hostile@'%'".to_owned(),
        "GRANT ALL ON *.* TO CURRENT_USER()".to_owned(),
        "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/hostile'".to_owned(),
        "CREATE TABLE t (a TEXT); LOAD DATA INFILE '/etc/passwd' INTO TABLE t".to_owned(),
        "SET GLOBAL general_log = 0".to_owned(),
        "USE svc_windlass".to_owned(),
        "SELECT * FROM mysql.user".to_owned(),
        "INSTALL SONAME 'x'".to_owned(),
        "\\! touch /hostile".to_owned(),
        "system touch /hostile".to_owned(),
        "source /etc/passwd".to_owned(),
    ];
    for script in scripts {
        let text = format!("CREATE TABLE first (a INT);\n{script};\n");
        let result = fixture.restore(&mine, operation(), text.as_bytes()).await;
        assert!(
            matches!(result, Err(Error::Refused { .. })),
            "{script}: {result:?}"
        );
        let after = [
            fixture.traces(theirs.instance).await,
            fixture.traces(mine.instance).await,
        ];
        assert_eq!(after, before, "{script}");
    }
    for path in ["/tmp/hostile", "/hostile"] {
        assert!(server.exec(&["test", "!", "-e", path]).is_ok(), "{path}");
    }
    for (spec, binding) in [(&theirs, &other), (&mine, &binding)] {
        let mut tenant = fixture.tenant(spec, binding).await;
        assert_eq!(
            texts(&mut tenant, "SELECT a FROM kept")
                .await
                .expect("the table"),
            ["live"]
        );
    }
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}
