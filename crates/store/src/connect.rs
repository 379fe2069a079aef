//! Connections: one that writes, a few that read.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// How long a statement waits for a lock of SQLite; the server is alone, so only a backup holds one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection: longer than any queue of short writes on a slow disk.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Lists are short; more readers than this wait for the disk only.
const READERS: u32 = 4;

/// How every connection is opened.
pub(crate) fn options(database: &Path, create: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // After a burst the log shrinks to this again.
        .pragma("journal_size_limit", "67108864")
        // A damaged page makes a statement fail as early as SQLite can tell.
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
}

/// The writer and the readers. Connections stay open: opening one again costs more than keeping it.
pub(crate) async fn pools(
    options: &SqliteConnectOptions,
) -> Result<(SqlitePool, SqlitePool), sqlx::Error> {
    let pool = |most: u32| {
        SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(most)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer = pool(1).connect_with(options.clone()).await?;
    let readers = pool(READERS)
        .connect_with(options.clone().pragma("query_only", "ON"))
        .await?;
    Ok((writer, readers))
}
