//! Records events: the only way in which an operation's state changes.

use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;
use windlass_operations::core::{allowed_from_outside, apply};
use windlass_operations::{Event, Fence, Operation, StepRecord, StoreError};
use windlass_records::Change;

use crate::change;
use crate::fault::{Fault, missing};
use crate::key::Vault;
use crate::query::operation::operation;
use crate::row::to_document;

/// Load, check the fence, apply, write.
pub(crate) async fn record(
    connection: &mut SqliteConnection,
    vault: &Vault,
    id: OperationId,
    fence: Fence,
    at: Timestamp,
    events: &[Event],
    changes: &[Change],
) -> Result<Operation, Fault> {
    let before = operation(connection, id)
        .await?
        .ok_or_else(|| missing(format!("operation {id}")))?;
    match fence {
        Fence::Epoch(epoch) if epoch == before.epoch => {}
        Fence::Epoch(_) => return Err(StoreError::LostLease(id).into()),
        Fence::Outside if events.iter().all(allowed_from_outside) => {}
        Fence::Outside => {
            return Err(StoreError::Refused(
                "only the runner that holds the lease can record this".to_owned(),
            )
            .into());
        }
    }
    let mut after = before.clone();
    for event in events {
        after = apply(&after, at, event).map_err(StoreError::from)?;
    }
    if after != before {
        update(connection, &after).await?;
        for (seq, (old, new)) in (0_i64..).zip(before.steps.iter().zip(&after.steps)) {
            if old != new {
                update_step(connection, id, seq, new).await?;
            }
        }
    }
    for event in events {
        append(connection, &before, at, event).await?;
    }
    change::apply_all(connection, vault, Some(id), changes).await?;
    Ok(after)
}

async fn append(
    connection: &mut SqliteConnection,
    operation: &Operation,
    at: Timestamp,
    event: &Event,
) -> Result<(), Fault> {
    query(
        "INSERT INTO operation_event (operation_id, number, at, epoch, event) VALUES \
         (?1, (SELECT 1 + COALESCE(MAX(number), 0) FROM operation_event WHERE operation_id = ?1), ?2, ?3, ?4)",
    )
    .bind(operation.id.to_string())
    .bind(at.0)
    .bind(operation.epoch)
    .bind(to_document(event))
    .execute(connection)
    .await?;
    Ok(())
}

/// The row; the epoch in the condition is the fence once more, should the row have another by now.
async fn update(connection: &mut SqliteConnection, operation: &Operation) -> Result<(), Fault> {
    let result = query(
        "UPDATE operation SET state = ?, cancel_requested_at = ?, cancel_by = ?, next_run_at = ?, owner = ?, \
         lease_until = ?, error = ?, abandon_reason = ?, updated_at = ?, finished_at = ? WHERE id = ? AND epoch = ?",
    )
    .bind(operation.state.as_str())
    .bind(operation.cancel_requested_at.map(|at| at.0))
    .bind(&operation.cancel_by)
    .bind(operation.next_run_at.0)
    .bind(&operation.owner)
    .bind(operation.lease_until.0)
    .bind(operation.error.as_ref().map(to_document))
    .bind(&operation.abandon_reason)
    .bind(operation.updated_at.0)
    .bind(operation.finished_at.map(|at| at.0))
    .bind(operation.id.to_string())
    .bind(operation.epoch)
    .execute(connection)
    .await?;
    if result.rows_affected() == 0 {
        Err(StoreError::LostLease(operation.id).into())
    } else {
        Ok(())
    }
}

async fn update_step(
    connection: &mut SqliteConnection,
    operation: OperationId,
    seq: i64,
    step: &StepRecord,
) -> Result<(), Fault> {
    query(
        "UPDATE operation_step SET state = ?, attempt = ?, undo_attempt = ?, output = ?, error = ?, completed = ?, \
         started_at = ?, finished_at = ? WHERE operation_id = ? AND seq = ?",
    )
    .bind(step.state.as_str())
    .bind(step.attempt)
    .bind(step.undo_attempt)
    .bind(step.output.as_ref().map(ToString::to_string))
    .bind(step.error.as_ref().map(to_document))
    .bind(step.completed)
    .bind(step.started_at.map(|at| at.0))
    .bind(step.finished_at.map(|at| at.0))
    .bind(operation.to_string())
    .bind(seq)
    .execute(connection)
    .await?;
    Ok(())
}
