//! Queries about the audit log.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_records::{AuditEntry, AuditFilter, AuditRecord, Page, PageRequest};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{number, parsed_or_none, text, time, word};

const LIST: &str = "audit";

pub(crate) async fn audit(
    connection: &mut SqliteConnection,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditRecord>, Fault> {
    let after: Option<i64> = cursor::decode(LIST, page)?;
    let count = chosen("SELECT COUNT(*) FROM audit", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM audit", filter);
    if let Some(number) = after {
        list.and().push("number < ").push_bind(number);
    }
    let limit = Limit::of(page);
    let rows = list.rows(connection, "number DESC", limit).await?;
    limit.page(&rows, count, record_from, |row| {
        Ok(cursor::encode(LIST, &number::<i64>(row, "number")?))
    })
}

fn chosen(statement: &str, filter: &AuditFilter) -> Where {
    let mut list = Where::new(statement);
    list.equals(
        "organisation_id",
        filter.organisation.map(|id| id.to_string()),
    )
    .equals(
        "application_id",
        filter.application.map(|id| id.to_string()),
    );
    if let Some(from) = filter.from {
        list.and().push("at >= ").push_bind(from.0);
    }
    if let Some(until) = filter.until {
        list.and().push("at < ").push_bind(until.0);
    }
    list
}

fn record_from(row: &SqliteRow) -> Result<AuditRecord, Fault> {
    Ok(AuditRecord {
        number: number(row, "number")?,
        entry: AuditEntry {
            at: time(row, "at")?,
            actor: text(row, "actor")?,
            request_id: text(row, "request_id")?,
            address: text(row, "address")?,
            action: text(row, "action")?,
            subject: text(row, "subject")?,
            organisation: parsed_or_none(row, "organisation_id")?,
            application: parsed_or_none(row, "application_id")?,
            detail: text(row, "detail")?,
            outcome: word(row, "outcome")?,
        },
    })
}
