//! Leases: claim, prolong, give back, take over.

use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;
use windlass_operations::{Operation, StoreError};

use crate::fault::{Fault, missing};
use crate::query::operation::operation;
use crate::row::{number, parsed, time_or_none};

/// Claims the operation that has been due longest.
pub(crate) async fn claim(
    connection: &mut SqliteConnection,
    owner: &str,
    now: Timestamp,
    lease_millis: i64,
) -> Result<Option<Operation>, Fault> {
    let row = query(
        "UPDATE operation SET owner = ?1, epoch = epoch + 1, lease_until = ?2 WHERE id = ( \
             SELECT id FROM operation WHERE state IN ('pending', 'running', 'compensating') \
             AND next_run_at <= ?3 AND (owner IS NULL OR lease_until <= ?3) ORDER BY next_run_at, id LIMIT 1) \
         RETURNING id",
    )
    .bind(owner)
    .bind(now.plus_millis(lease_millis).0)
    .bind(now.0)
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => operation(connection, parsed(&row, "id")?).await,
        None => Ok(None),
    }
}

/// Ends every lease and raises every epoch of what has not ended. Gives how many leases there were.
pub(crate) async fn take_over(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<u64, Fault> {
    let leases = query(
        "SELECT COUNT(*) AS leases FROM operation WHERE owner IS NOT NULL \
         AND state IN ('pending', 'running', 'compensating', 'needs_attention')",
    )
    .fetch_one(&mut *connection)
    .await?;
    query(
        "UPDATE operation SET epoch = epoch + 1, owner = NULL, lease_until = ? \
         WHERE state IN ('pending', 'running', 'compensating', 'needs_attention')",
    )
    .bind(now.0)
    .execute(connection)
    .await?;
    number(&leases, "leases")
}

/// Prolongs the lease of the one who has it.
pub(crate) async fn heartbeat(
    connection: &mut SqliteConnection,
    id: OperationId,
    epoch: i64,
    lease_until: Timestamp,
) -> Result<(), Fault> {
    let result = query(
        "UPDATE operation SET lease_until = ? WHERE id = ? AND epoch = ? AND owner IS NOT NULL",
    )
    .bind(lease_until.0)
    .bind(id.to_string())
    .bind(epoch)
    .execute(&mut *connection)
    .await?;
    expect_held(connection, id, result.rows_affected()).await
}

/// Gives the lease back.
pub(crate) async fn release(
    connection: &mut SqliteConnection,
    id: OperationId,
    epoch: i64,
) -> Result<(), Fault> {
    let result =
        query("UPDATE operation SET owner = NULL, lease_until = 0 WHERE id = ? AND epoch = ?")
            .bind(id.to_string())
            .bind(epoch)
            .execute(&mut *connection)
            .await?;
    expect_held(connection, id, result.rows_affected()).await
}

async fn expect_held(
    connection: &mut SqliteConnection,
    id: OperationId,
    rows: u64,
) -> Result<(), Fault> {
    if rows > 0 {
        return Ok(());
    }
    let row = query("SELECT 1 FROM operation WHERE id = ?").bind(id.to_string());
    match row.fetch_optional(connection).await? {
        Some(_) => Err(StoreError::LostLease(id).into()),
        None => Err(missing(format!("operation {id}"))),
    }
}

/// When the next operation can be claimed.
pub(crate) async fn next_due(
    connection: &mut SqliteConnection,
) -> Result<Option<Timestamp>, Fault> {
    let row = query(
        "SELECT MIN(CASE WHEN owner IS NULL THEN next_run_at ELSE MAX(next_run_at, lease_until) END) AS due \
         FROM operation WHERE state IN ('pending', 'running', 'compensating')",
    )
    .fetch_one(connection)
    .await?;
    time_or_none(&row, "due")
}
