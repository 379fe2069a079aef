//! The schema as it is after all migrations: a change of it is seen in review.

use crate::common::State;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

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
    for (pragma, wanted) in [("journal_mode", "wal"), ("user_version", "1")] {
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
