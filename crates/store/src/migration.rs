//! The schema: migrations that go forward only, numbered without gaps in `PRAGMA user_version`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row, query, raw_sql};

/// The migrations in order; the first brings the schema to version 1. One that was released never changes.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_retention.sql"),
    include_str!("../migrations/0003_catalogue.sql"),
    include_str!("../migrations/0004_services.sql"),
    include_str!("../migrations/0007_backups.sql"),
];

/// `PRAGMA application_id` of our files: "Wndl".
pub(crate) const APPLICATION_ID: i64 = 0x576e_646c;

/// The version that this binary writes: the number of migrations.
#[expect(clippy::cast_possible_wrap, reason = "there are a few dozen at most")]
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// What a database file says about itself.
pub(crate) struct Stamp {
    pub(crate) application_id: i64,
    pub(crate) version: i64,
}

/// Reads the stamp.
pub(crate) async fn stamp(connection: &mut SqliteConnection) -> Result<Stamp, sqlx::Error> {
    let application_id = query("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    let version = query("PRAGMA user_version")
        .fetch_one(connection)
        .await?
        .try_get(0)?;
    Ok(Stamp {
        application_id,
        version,
    })
}

/// Brings the schema from `version` to the newest, each migration in a transaction with its number.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    version: i64,
) -> Result<(), sqlx::Error> {
    for (number, migration) in (1_i64..)
        .zip(MIGRATIONS)
        .filter(|(number, _)| *number > version)
    {
        let script = format!(
            "BEGIN IMMEDIATE;\n{migration}\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {number};\nCOMMIT;"
        );
        // On an error the caller gives the connection up, and with it the open transaction.
        raw_sql(AssertSqlSafe(script))
            .execute(&mut *connection)
            .await?;
        tracing::info!(schema.version = number, "migrated the store");
    }
    Ok(())
}
