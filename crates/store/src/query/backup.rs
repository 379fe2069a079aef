//! Queries about backups.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::backup::BackupTrigger;
use windlass_model::backup::retention::Candidate;
use windlass_model::id::{BackupId, InstanceBackupId, InstanceId};
use windlass_model::time::Timestamp;
use windlass_records::{
    Archive, Backup, BackupFilter, BackupTimes, InstanceBackup, InstanceBackupFilter, Page,
    PageRequest,
};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{
    document, flag, number, number_or_none, parsed, parsed_or_none, text, text_or_none, time,
    time_or_none, word, word_or_none,
};

const BACKUPS: &str = "backups";
const PARTS: &str = "instance backups";

/// What a download that may go on and a restore that has not ended keep; `?1` is the time.
macro_rules! in_use {
    () => {
        "(EXISTS (SELECT 1 FROM restore WHERE restore.backup_id = backup.id AND restore.ended_at IS NULL) \
          OR EXISTS (SELECT 1 FROM backup_download WHERE backup_download.backup_id = backup.id AND ends_at > ?1))"
    };
}

pub(crate) async fn backups(
    connection: &mut SqliteConnection,
    filter: &BackupFilter,
    page: &PageRequest,
) -> Result<Page<Backup>, Fault> {
    let chosen = |statement: &str| {
        let mut list = Where::new(statement);
        list.equals(
            "organisation_id",
            filter.organisation.map(|id| id.to_string()),
        )
        .equals(
            "environment_id",
            filter.environment.map(|id| id.to_string()),
        )
        .equals("cause", filter.trigger.map(|trigger| trigger.to_string()));
        list
    };
    let after: Option<(i64, String)> = cursor::decode(BACKUPS, page)?;
    let count = chosen("SELECT COUNT(*) FROM backup")
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM backup");
    older(&mut list, "", after);
    let limit = Limit::of(page);
    let rows = list
        .rows(connection, "created_at DESC, id DESC", limit)
        .await?;
    limit.page(&rows, count, backup_from, |row| place(BACKUPS, row))
}

pub(crate) async fn backup(
    connection: &mut SqliteConnection,
    id: BackupId,
) -> Result<Option<Backup>, Fault> {
    let row = query("SELECT * FROM backup WHERE id = ?").bind(id.to_string());
    row.fetch_optional(connection)
        .await?
        .as_ref()
        .map(backup_from)
        .transpose()
}

pub(crate) async fn instance_backups(
    connection: &mut SqliteConnection,
    filter: &InstanceBackupFilter,
    page: &PageRequest,
) -> Result<Page<InstanceBackup>, Fault> {
    let chosen = |what: &str| {
        let mut list = Where::new(&format!(
            "SELECT {what} FROM instance_backup AS part JOIN backup ON backup.id = part.backup_id"
        ));
        list.equals(
            "backup.organisation_id",
            filter.organisation.map(|id| id.to_string()),
        )
        .equals("part.backup_id", filter.backup.map(|id| id.to_string()))
        .equals("part.instance_id", filter.instance.map(|id| id.to_string()));
        list
    };
    let after: Option<(i64, String)> = cursor::decode(PARTS, page)?;
    let count = chosen("COUNT(*)").count(&mut *connection).await?;
    let mut list = chosen("part.*");
    older(&mut list, "part.", after);
    let limit = Limit::of(page);
    let rows = list
        .rows(connection, "part.created_at DESC, part.id DESC", limit)
        .await?;
    limit.page(&rows, count, part_from, |row| place(PARTS, row))
}

/// Goes on behind a place.
fn older(list: &mut Where, table: &str, after: Option<(i64, String)>) {
    if let Some((created_at, id)) = after {
        list.and()
            .push(format!("({table}created_at, {table}id) < ("))
            .push_bind(created_at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
}

fn place(list: &str, row: &SqliteRow) -> Result<String, Fault> {
    Ok(cursor::encode(
        list,
        &(time(row, "created_at")?, text(row, "id")?),
    ))
}

pub(crate) async fn instance_backup(
    connection: &mut SqliteConnection,
    id: InstanceBackupId,
) -> Result<Option<InstanceBackup>, Fault> {
    let row = query("SELECT * FROM instance_backup WHERE id = ?").bind(id.to_string());
    row.fetch_optional(connection)
        .await?
        .as_ref()
        .map(part_from)
        .transpose()
}

pub(crate) async fn retention_candidates(
    connection: &mut SqliteConnection,
    instance: InstanceId,
    now: Timestamp,
) -> Result<Vec<Candidate<BackupId>>, Fault> {
    let rows = query(concat!(
        "SELECT backup.id AS id, cause, part.created_at AS created_at, content_bytes IS NOT NULL AS is_good, \
         scheduled_for_deletion_at, ",
        in_use!(),
        " AS is_in_use FROM instance_backup AS part JOIN backup ON backup.id = part.backup_id \
         WHERE part.instance_id = ?2 AND backup.state = 'COMPLETED' ORDER BY part.created_at DESC, part.id DESC"
    ))
    .bind(now.0)
    .bind(instance.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                id: parsed(row, "id")?,
                trigger: parsed::<BackupTrigger>(row, "cause")?,
                taken_at: time(row, "created_at")?,
                is_good: flag(row, "is_good")?,
                scheduled_for_deletion_at: time_or_none(row, "scheduled_for_deletion_at")?,
                is_in_use: flag(row, "is_in_use")?,
            })
        })
        .collect()
}

pub(crate) async fn to_delete(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<BackupId>, Fault> {
    let rows = query(concat!(
        "SELECT id FROM (SELECT id FROM backup WHERE state = 'DELETING' ORDER BY id LIMIT ?2) UNION ALL \
         SELECT id FROM (SELECT id FROM backup WHERE state = 'COMPLETED' AND scheduled_for_deletion_at IS NOT NULL \
            AND scheduled_for_deletion_at <= ?1 AND NOT ",
        in_use!(),
        " ORDER BY scheduled_for_deletion_at, id LIMIT ?2) ORDER BY id LIMIT ?2"
    ))
    .bind(now.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

pub(crate) async fn times(connection: &mut SqliteConnection) -> Result<Vec<BackupTimes>, Fault> {
    let rows = query(
        "SELECT instance.id AS instance_id, instance.created_at AS created_at, scheduled.created_at AS scheduled_at, \
         scheduled.ended_at IS NOT NULL AS has_ended, scheduled.content_bytes IS NOT NULL AS is_good, \
         (SELECT MAX(created_at) FROM instance_backup WHERE instance_id = instance.id AND content_bytes IS NOT NULL) AS good_at \
         FROM instance LEFT JOIN instance_backup AS scheduled ON scheduled.id = \
             (SELECT part.id FROM instance_backup AS part JOIN backup ON backup.id = part.backup_id \
              WHERE part.instance_id = instance.id AND backup.cause = 'SCHEDULED' \
              ORDER BY part.created_at DESC, part.id DESC LIMIT 1) \
         WHERE instance.state IN ('PENDING_ATTACHMENT', 'ATTACHED', 'PENDING_DETACHMENT', 'DETACHED') \
         ORDER BY instance.id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let last_scheduled = match time_or_none(row, "scheduled_at")? {
                None => None,
                Some(at) => {
                    let was_good = flag(row, "has_ended")?.then_some(flag(row, "is_good")?);
                    Some((at, was_good))
                }
            };
            Ok(BackupTimes {
                instance: parsed(row, "instance_id")?,
                created_at: time(row, "created_at")?,
                last_scheduled,
                last_good_at: time_or_none(row, "good_at")?,
            })
        })
        .collect()
}

fn backup_from(row: &SqliteRow) -> Result<Backup, Fault> {
    Ok(Backup {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation_id")?,
        environment: parsed(row, "environment_id")?,
        origin: text(row, "origin")?,
        trigger: parsed(row, "cause")?,
        notes: text(row, "notes")?,
        state: word(row, "state")?,
        success: word_or_none(row, "success")?,
        scheduled_for_deletion_at: time_or_none(row, "scheduled_for_deletion_at")?,
        operation: parsed_or_none(row, "operation_id")?,
        actor: text(row, "actor")?,
        created_at: time(row, "created_at")?,
        ended_at: time_or_none(row, "ended_at")?,
    })
}

fn part_from(row: &SqliteRow) -> Result<InstanceBackup, Fault> {
    let archive = match number_or_none(row, "content_bytes")? {
        None => None,
        Some(content_bytes) => Some(Archive {
            server_version: text_or_none(row, "server_version")?,
            content_bytes,
            content_sha256: text(row, "content_sha256")?,
            stored_bytes: number(row, "stored_bytes")?,
            stored_sha256: text(row, "stored_sha256")?,
        }),
    };
    Ok(InstanceBackup {
        id: parsed(row, "id")?,
        backup: parsed(row, "backup_id")?,
        instance: parsed(row, "instance_id")?,
        kind: text(row, "kind")?,
        driver: text(row, "driver")?,
        prefix: parsed(row, "prefix")?,
        format: text(row, "format")?,
        target: text(row, "target")?,
        object: text(row, "object")?,
        key: parsed(row, "key_secret")?,
        archive,
        errors: document(row, "errors")?,
        started_at: time_or_none(row, "started_at")?,
        ended_at: time_or_none(row, "ended_at")?,
    })
}
