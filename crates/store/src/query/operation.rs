//! Queries about operations: whole, with their steps.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, query};
use std::collections::HashMap;
use windlass_model::id::OperationId;
use windlass_operations::{EventRecord, Operation, StepRecord, Subject};
use windlass_records::{OperationFilter, Page, PageRequest};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{
    document, document_or_none, flag, number, parsed, parsed_or_none, text, text_or_none, time,
    time_or_none, word,
};

const LIST: &str = "operations";

pub(crate) async fn operation(
    connection: &mut SqliteConnection,
    id: OperationId,
) -> Result<Option<Operation>, Fault> {
    let row = query("SELECT * FROM operation WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut operation = operation_from(&row)?;
    let steps = query("SELECT * FROM operation_step WHERE operation_id = ? ORDER BY seq")
        .bind(id.to_string())
        .fetch_all(connection)
        .await?;
    operation.steps = steps.iter().map(step_from).collect::<Result<_, _>>()?;
    Ok(Some(operation))
}

pub(crate) async fn operations(
    connection: &mut SqliteConnection,
    filter: &OperationFilter,
    page: &PageRequest,
) -> Result<Page<Operation>, Fault> {
    let after: Option<(i64, String)> = cursor::decode(LIST, page)?;
    let count = chosen("SELECT COUNT(*) FROM operation", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM operation", filter);
    if let Some((created_at, id)) = after {
        list.and()
            .push("(created_at, id) < (")
            .push_bind(created_at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    let limit = Limit::of(page);
    let rows = list
        .rows(&mut *connection, "created_at DESC, id DESC", limit)
        .await?;
    let mut page = limit.page(&rows, count, operation_from, |row| {
        Ok(cursor::encode(
            LIST,
            &(time(row, "created_at")?, text(row, "id")?),
        ))
    })?;
    add_steps(connection, &mut page.rows).await?;
    Ok(page)
}

fn chosen(statement: &str, filter: &OperationFilter) -> Where {
    let mut list = Where::new(statement);
    if let Some(tenants) = &filter.tenants {
        list.one_of("tenant", tenants);
    }
    if let Some(application) = filter.application {
        list.and()
            .push("subject_id IN (SELECT ")
            .push_bind(application.to_string())
            .push(" UNION ALL SELECT id FROM environment WHERE application_id = ")
            .push_bind(application.to_string())
            .push(" UNION ALL SELECT id FROM instance WHERE application_id = ")
            .push_bind(application.to_string())
            .push(")");
    }
    if let Some((kind, id)) = &filter.subject {
        list.equals("subject_kind", Some(kind.clone()))
            .equals("subject_id", Some(id.clone()));
    }
    if !filter.states.is_empty() {
        let condition = list.and();
        condition.push("state IN (");
        for (position, state) in filter.states.iter().enumerate() {
            // The names are ours, and as part of the text they let SQLite use its partial indexes.
            condition
                .push(if position == 0 { "'" } else { ", '" })
                .push(state.as_str())
                .push("'");
        }
        condition.push(")");
    }
    list
}

async fn add_steps(
    connection: &mut SqliteConnection,
    operations: &mut [Operation],
) -> Result<(), Fault> {
    // Below SQLite's limit of values in one statement.
    const AT_ONCE: usize = 1000;
    for some in operations.chunks_mut(AT_ONCE) {
        let mut builder = QueryBuilder::new("SELECT * FROM operation_step WHERE operation_id IN (");
        let mut ids = builder.separated(", ");
        for operation in some.iter() {
            ids.push_bind(operation.id.to_string());
        }
        builder.push(") ORDER BY operation_id, seq");
        let mut steps: HashMap<OperationId, Vec<StepRecord>> = HashMap::new();
        for row in builder.build().fetch_all(&mut *connection).await? {
            steps
                .entry(parsed(&row, "operation_id")?)
                .or_default()
                .push(step_from(&row)?);
        }
        for operation in some {
            operation.steps = steps.remove(&operation.id).unwrap_or_default();
        }
    }
    Ok(())
}

pub(crate) async fn events(
    connection: &mut SqliteConnection,
    id: OperationId,
    after: u64,
    limit: u32,
) -> Result<Vec<EventRecord>, Fault> {
    let rows = query("SELECT * FROM operation_event WHERE operation_id = ? AND number > ? ORDER BY number LIMIT ?")
        .bind(id.to_string())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(EventRecord {
                number: number(row, "number")?,
                at: time(row, "at")?,
                epoch: number(row, "epoch")?,
                event: document(row, "event")?,
            })
        })
        .collect()
}

fn operation_from(row: &SqliteRow) -> Result<Operation, Fault> {
    Ok(Operation {
        id: parsed(row, "id")?,
        tenant: text(row, "tenant")?,
        kind: text(row, "kind")?,
        kind_version: number(row, "kind_version")?,
        subject: Subject {
            kind: text(row, "subject_kind")?,
            id: text(row, "subject_id")?,
        },
        params: document(row, "params")?,
        actor: text(row, "actor")?,
        request_id: text(row, "request_id")?,
        parent: parsed_or_none(row, "parent_id")?,
        state: word(row, "state")?,
        steps: Vec::new(),
        cancel_requested_at: time_or_none(row, "cancel_requested_at")?,
        cancel_by: text_or_none(row, "cancel_by")?,
        next_run_at: time(row, "next_run_at")?,
        owner: text_or_none(row, "owner")?,
        lease_until: time(row, "lease_until")?,
        epoch: number(row, "epoch")?,
        error: document_or_none(row, "error")?,
        abandon_reason: text_or_none(row, "abandon_reason")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        finished_at: time_or_none(row, "finished_at")?,
    })
}

fn step_from(row: &SqliteRow) -> Result<StepRecord, Fault> {
    Ok(StepRecord {
        name: text(row, "name")?,
        pivot: flag(row, "pivot")?,
        state: word(row, "state")?,
        attempt: number(row, "attempt")?,
        undo_attempt: number(row, "undo_attempt")?,
        output: document_or_none(row, "output")?,
        error: document_or_none(row, "error")?,
        completed: flag(row, "completed")?,
        started_at: time_or_none(row, "started_at")?,
        finished_at: time_or_none(row, "finished_at")?,
    })
}
