//! What a user defined works on after it was revoked.

use windlass_services::Driver;
use windlass_services::conformance::Fixture;

use crate::fixture::{Mysql, binding, name};
use crate::server::{run, texts};

const DEFINED: [&str; 7] = [
    "CREATE TABLE goods (id INT PRIMARY KEY, price INT)",
    "CREATE TABLE log (id INT, price INT)",
    "INSERT INTO goods VALUES (1, 10)",
    "CREATE VIEW cheap AS SELECT * FROM goods WHERE price < 100",
    "CREATE TRIGGER logged AFTER INSERT ON goods FOR EACH ROW INSERT INTO log VALUES (NEW.id, NEW.price)",
    "CREATE PROCEDURE prices() SELECT price FROM goods",
    "CREATE FUNCTION dearest() RETURNS INT READS SQL DATA RETURN (SELECT MAX(price) FROM goods)",
];

#[tokio::test]
async fn views_triggers_and_routines_outlive_their_definers_binding() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let mut first = fixture.tenant(&spec, &one).await;
    for sql in DEFINED {
        run(&mut first, sql).await.expect(sql);
    }
    let two = fixture.bound(&spec, 2).await;
    let mut second = fixture.tenant(&spec, &two).await;
    fixture.unbind(&spec, 1).await;

    assert!(
        run(&mut first, "SELECT 1").await.is_err(),
        "its sessions are over"
    );
    assert!(
        fixture.try_tenant(&spec, &one).await.is_err(),
        "a definer that was revoked cannot log in"
    );
    let cheap = texts(&mut second, "SELECT price FROM cheap").await;
    assert_eq!(cheap.expect("the view works"), ["10"]);
    run(&mut second, "INSERT INTO goods VALUES (2, 20)")
        .await
        .expect("the trigger works");
    let logged = texts(&mut second, "SELECT price FROM log").await;
    assert_eq!(logged.expect("the trigger has worked"), ["20"]);
    let prices = texts(&mut second, "CALL prices()").await;
    assert_eq!(prices.expect("the procedure works"), ["10", "20"]);
    let dearest = texts(&mut second, "SELECT dearest()").await;
    assert_eq!(dearest.expect("the function works"), ["20"]);

    fixture.unbind(&spec, 1).await;
    let kept = fixture.traces(spec.instance).await;
    let user = format!("user {}_1 ", name(&spec));
    let user = kept.iter().find(|trace| trace.starts_with(&user));
    let user = user.expect("the definer is kept");
    assert!(user.contains("\"account_locked\":true"), "{user}");

    // Unlocked by somebody's mistake, it has not the password that its application knew.
    let unlock = format!("ALTER USER {}_1@'%' ACCOUNT UNLOCK", name(&spec));
    fixture.server.run(&[unlock]).await;
    assert!(
        fixture.try_tenant(&spec, &one).await.is_err(),
        "no password"
    );
    fixture.unbind(&spec, 1).await;

    // Its generation is free.
    let again = fixture.bound(&spec, 1).await;
    let mut third = fixture.tenant(&spec, &again).await;
    run(&mut third, "INSERT INTO goods VALUES (3, 30)")
        .await
        .expect("a later binding of the generation works");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_kept_definer_goes_when_it_defines_nothing_any_more() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let mut first = fixture.tenant(&spec, &one).await;
    for sql in ["CREATE TABLE t (n INT)", "CREATE VIEW v AS SELECT n FROM t"] {
        run(&mut first, sql).await.expect(sql);
    }
    fixture.unbind(&spec, 1).await;
    let two = fixture.bound(&spec, 2).await;
    let mut second = fixture.tenant(&spec, &two).await;
    let user = format!("user {}_1 ", name(&spec));
    let is_kept = async || {
        let traces = fixture.traces(spec.instance).await;
        traces.iter().any(|trace| trace.starts_with(&user))
    };
    assert!(is_kept().await, "while the view is there");
    // A view that does not work any more keeps its definer as well.
    run(&mut second, "DROP TABLE t").await.expect("drop");
    fixture.unbind(&spec, 7).await;
    fixture.unbind(&spec, 1).await;
    assert!(is_kept().await, "while the broken view is there");
    run(&mut second, "DROP VIEW v").await.expect("drop");
    fixture.unbind(&spec, 2).await;
    assert!(
        !is_kept().await,
        "gone with the next binding that is revoked"
    );
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn who_defined_nothing_is_dropped_and_leaves_the_others() {
    let fixture = Mysql::prepared().await;
    let (spec, _) = fixture.made().await;
    let two = fixture.bound(&spec, 2).await;
    let mut second = fixture.tenant(&spec, &two).await;
    run(&mut second, "CREATE VIEW v AS SELECT 1 AS n")
        .await
        .expect("a tenant may do this");
    fixture.unbind(&spec, 1).await;
    let traces = fixture.traces(spec.instance).await;
    let first = format!("{}_1 ", name(&spec));
    assert!(
        !traces.iter().any(|trace| trace.contains(&first)),
        "{traces:?}"
    );
    assert!(fixture.try_tenant(&spec, &two).await.is_ok());
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn each_kind_alone_keeps_its_definer() {
    let fixture = Mysql::prepared().await;
    for sql in [
        "CREATE VIEW v AS SELECT 1 AS n",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ] {
        let (spec, one) = fixture.made().await;
        let mut tenant = fixture.tenant(&spec, &one).await;
        run(&mut tenant, "CREATE TABLE t (n INT)").await.expect(sql);
        run(&mut tenant, sql).await.expect(sql);
        fixture.unbind(&spec, 1).await;
        let user = format!("user {}_1 ", name(&spec));
        let traces = fixture.traces(spec.instance).await;
        let is_kept = traces.iter().any(|trace| trace.starts_with(&user));
        assert!(is_kept, "{sql}");
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn a_live_bindings_generation_is_not_free_for_its_definers() {
    let fixture = Mysql::prepared().await;
    let (spec, _) = fixture.made().await;
    let other = fixture
        .driver
        .bind(&fixture.access, &spec, &binding(1))
        .await;
    assert!(
        matches!(other, Err(windlass_services::Error::Conflict { .. })),
        "{other:?}"
    );
    fixture.destroy(&spec).await;
}
