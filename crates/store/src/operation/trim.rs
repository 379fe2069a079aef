//! Deletes operations that ended long ago.

use sqlx::query;
use sqlx::sqlite::SqliteConnection;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;
use windlass_records::{PageRequest, Trimmed};

use crate::cursor;
use crate::fault::Fault;
use crate::row::{flag, parsed, text, time};

const LIST: &str = "ended operations";

/// A part of those that ended before `?1`, and whether something refers to them. The plus takes the column's
/// type away, without which the index of an expression cannot be searched.
pub(crate) const ENDED: &str = "\
    SELECT id, finished_at, \
        EXISTS (SELECT 1 FROM deployment WHERE operation_id = operation.id) \
        OR EXISTS (SELECT 1 FROM operation AS child WHERE child.parent_id = operation.id) \
        OR EXISTS (SELECT 1 FROM instance WHERE json_extract(last_error, '$.operation') = +operation.id \
            AND last_error IS NOT NULL) AS is_named \
    FROM operation WHERE finished_at < ?1 AND (finished_at, id) > (?2, ?3) ORDER BY finished_at, id LIMIT ?4";

/// Looks at no more operations than the page's limit and deletes until as many rows are gone.
pub(crate) async fn trim(
    connection: &mut SqliteConnection,
    ended_before: Timestamp,
    page: &PageRequest,
) -> Result<Trimmed, Fault> {
    let limit = page.limit.max(1);
    let (at, id): (i64, String) = cursor::decode(LIST, page)?.unwrap_or((i64::MIN, String::new()));
    let ended = query(ENDED)
        .bind(ended_before.0)
        .bind(at)
        .bind(&id)
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let mut operations = 0;
    let mut left = u64::from(limit);
    let mut place = (at, id);
    for row in &ended {
        if !flag(row, "is_named")? {
            if left == 0 {
                return Ok(go_on(operations, &place));
            }
            left -= delete_events(connection, parsed(row, "id")?, left).await?;
            // With nothing left there may be more of its events: the next call comes back to it.
            if left == 0 {
                return Ok(go_on(operations, &place));
            }
            left = left.saturating_sub(delete(connection, parsed(row, "id")?).await?);
            operations += 1;
        }
        place = (time(row, "finished_at")?.0, text(row, "id")?);
    }
    let at_the_end = u32::try_from(ended.len()).is_ok_and(|seen| seen < limit);
    Ok(if at_the_end {
        Trimmed {
            operations,
            next: None,
        }
    } else {
        go_on(operations, &place)
    })
}

fn go_on(operations: u64, place: &(i64, String)) -> Trimmed {
    Trimmed {
        operations,
        next: Some(cursor::encode(LIST, place)),
    }
}

/// Deletes the oldest events of an operation: lines of a long build are thousands.
async fn delete_events(
    connection: &mut SqliteConnection,
    id: OperationId,
    most: u64,
) -> Result<u64, Fault> {
    let deleted = query(
        "DELETE FROM operation_event WHERE operation_id = ?1 AND number IN ( \
             SELECT number FROM operation_event WHERE operation_id = ?1 ORDER BY number LIMIT ?2)",
    )
    .bind(id.to_string())
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes what is left of an operation without events; a dozen steps or two.
async fn delete(connection: &mut SqliteConnection, id: OperationId) -> Result<u64, Fault> {
    let steps = query("DELETE FROM operation_step WHERE operation_id = ?")
        .bind(id.to_string())
        .execute(&mut *connection)
        .await?;
    query("DELETE FROM operation WHERE id = ?")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(1 + steps.rows_affected())
}
