//! The schema as it is after all migrations: a change of it is seen in review.

use crate::common::State;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use windlass_records::Store;

#[tokio::test]
async fn the_schema_is_the_one_that_was_reviewed() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let statements: Vec<String> = rows.iter().map(|row| row.get("sql")).collect();
    let loose: Vec<&String> = statements
        .iter()
        .filter(|sql| sql.starts_with("CREATE TABLE") && !sql.contains("STRICT"))
        .collect();
    assert!(loose.is_empty(), "every table is STRICT: {loose:?}");
    insta::assert_snapshot!(statements.join(";\n"));
    for (pragma, wanted) in [("journal_mode", "wal"), ("user_version", "5")] {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}")))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let found = row
            .try_get::<String, _>(0)
            .unwrap_or_else(|_| row.get::<i64, _>(0).to_string());
        assert_eq!(found, wanted, "{pragma}");
    }
}

#[tokio::test]
async fn an_older_store_is_brought_forward_with_what_it_has() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let added = [
        "operation_finished",
        "deployment_operation",
        "instance_failure",
        "binding_replaced",
        "instance_given_url",
        "instance_media_domain",
    ];
    let columns = ["plan", "image", "rank", "storage_bytes"];
    let undo = added
        .iter()
        .map(|index| format!("DROP INDEX {index}"))
        .chain(columns.map(|column| format!("ALTER TABLE service DROP COLUMN {column}")))
        .chain([
            "ALTER TABLE binding DROP COLUMN grace_ends_at".to_owned(),
            "ALTER TABLE cluster DROP COLUMN administration_port".to_owned(),
            "ALTER TABLE cluster DROP COLUMN settings".to_owned(),
            "ALTER TABLE instance DROP COLUMN given_url".to_owned(),
            "DROP TABLE instance_restore".to_owned(),
            "DROP TABLE restore".to_owned(),
            "DROP TABLE upload".to_owned(),
            "DROP TABLE instance_download".to_owned(),
            "DROP TABLE backup_download".to_owned(),
            "DROP TABLE instance_backup".to_owned(),
            "DROP TABLE backup".to_owned(),
            "DROP TABLE service_broker_plan".to_owned(),
            "DROP TABLE service_broker".to_owned(),
            "ALTER TABLE instance DROP COLUMN profile".to_owned(),
            "ALTER TABLE instance DROP COLUMN public".to_owned(),
            "ALTER TABLE instance DROP COLUMN media_domain".to_owned(),
            "ALTER TABLE instance DROP COLUMN media_domain_is_cdn".to_owned(),
        ]);
    for statement in undo {
        let statement = sqlx::AssertSqlSafe(statement);
        let undone = sqlx::query(statement).execute(&mut connection).await;
        undone.unwrap();
    }
    let back = sqlx::query("PRAGMA user_version = 1");
    back.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), Some("kept".into()));
    store.close().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'index'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    for index in added {
        assert!(there.iter().any(|name| name == index), "{index}: {there:?}");
    }
    let rows = sqlx::query("SELECT name FROM pragma_table_info('service')")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    for column in columns {
        assert!(
            there.iter().any(|name| name == column),
            "{column}: {there:?}"
        );
    }
}
