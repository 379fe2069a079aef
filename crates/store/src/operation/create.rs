//! Creates operations.

use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use windlass_model::id::OperationId;
use windlass_operations::{
    Created, NewOperation, Operation, OperationState, StepRecord, StoreError,
};
use windlass_records::Change;

use crate::change;
use crate::fault::{Fault, broken_rule, conflict, missing, unique};
use crate::key::Vault;
use crate::query::operation::operation;
use crate::row::{parsed, text, to_document};

/// Writes the operation, its steps and the changes, or finds the one that the same request made before.
pub(crate) async fn create(
    connection: &mut SqliteConnection,
    vault: &Vault,
    new: &NewOperation,
    changes: &[Change],
) -> Result<Created, Fault> {
    if let Some(existing) = existing(connection, new).await? {
        return Ok(Created::Existing(existing));
    }
    insert(connection, new).await?;
    for (seq, step) in (0_i64..).zip(&new.steps) {
        insert_step(connection, new.id, seq, step).await?;
    }
    change::apply_all(connection, vault, Some(new.id), changes).await?;
    Ok(Created::New(new.operation()))
}

async fn existing(
    connection: &mut SqliteConnection,
    new: &NewOperation,
) -> Result<Option<Operation>, Fault> {
    let Some((key, hash)) = &new.idempotency else {
        return Ok(None);
    };
    let row = query("SELECT id, idem_hash FROM operation WHERE tenant = ? AND idem_key = ?")
        .bind(&new.tenant)
        .bind(key)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    if text(&row, "idem_hash")? != *hash {
        return Err(StoreError::IdempotencyMismatch.into());
    }
    operation(connection, parsed(&row, "id")?).await
}

async fn insert(connection: &mut SqliteConnection, new: &NewOperation) -> Result<(), Fault> {
    if let Some(parent) = new.parent {
        let row = query("SELECT 1 FROM operation WHERE id = ?").bind(parent.to_string());
        if row.fetch_optional(&mut *connection).await?.is_none() {
            return Err(missing(format!("operation {parent}")));
        }
    }
    let inserted = query(
        "INSERT INTO operation (id, tenant, kind, kind_version, subject_kind, subject_id, params, actor, request_id, \
         parent_id, idem_key, idem_hash, state, next_run_at, lease_until, epoch, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?14, ?14, 0, ?14, ?14)",
    )
    .bind(new.id.to_string())
    .bind(&new.tenant)
    .bind(&new.kind)
    .bind(new.kind_version)
    .bind(&new.subject.kind)
    .bind(&new.subject.id)
    .bind(new.params.to_string())
    .bind(&new.actor)
    .bind(&new.request_id)
    .bind(new.parent.map(|id| id.to_string()))
    .bind(new.idempotency.as_ref().map(|(key, _)| key))
    .bind(new.idempotency.as_ref().map(|(_, hash)| hash))
    .bind(OperationState::Pending.as_str())
    .bind(new.created_at.0)
    .execute(&mut *connection)
    .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(error)
            if broken_rule(&error) == Some("operation.subject_kind, operation.subject_id") =>
        {
            Err(busy(connection, new).await?)
        }
        Err(error) => Err(unique(
            error,
            &[("operation.id", &|| {
                format!("operation {} exists already", new.id)
            })],
        )),
    }
}

/// The refusal that names the active operation on the subject.
async fn busy(connection: &mut SqliteConnection, new: &NewOperation) -> Result<Fault, Fault> {
    let row = query(
        "SELECT id FROM operation WHERE subject_kind = ? AND subject_id = ? \
         AND state IN ('pending', 'running', 'compensating', 'needs_attention')",
    )
    .bind(&new.subject.kind)
    .bind(&new.subject.id)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| conflict("the subject of the operation was busy a moment ago; try again"))?;
    Ok(StoreError::SubjectBusy {
        active: parsed(&row, "id")?,
        subject: new.subject.kind.clone(),
    }
    .into())
}

async fn insert_step(
    connection: &mut SqliteConnection,
    operation: OperationId,
    seq: i64,
    step: &StepRecord,
) -> Result<(), Fault> {
    query(
        "INSERT INTO operation_step (operation_id, seq, name, pivot, state, attempt, undo_attempt, output, error, \
         completed, started_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(operation.to_string())
    .bind(seq)
    .bind(&step.name)
    .bind(step.pivot)
    .bind(step.state.as_str())
    .bind(step.attempt)
    .bind(step.undo_attempt)
    .bind(step.output.as_ref().map(ToString::to_string))
    .bind(step.error.as_ref().map(to_document))
    .bind(step.completed)
    .bind(step.started_at.map(|at| at.0))
    .bind(step.finished_at.map(|at| at.0))
    .execute(&mut *connection)
    .await
    .map_err(|error| {
        let text = || format!("operation {operation} has two steps with the name '{}'", step.name);
        unique(error, &[("operation_step.operation_id, operation_step.name", &text)])
    })?;
    Ok(())
}
