//! Queries about downloads, uploads and restores.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{BackupDownloadId, BackupId, InstanceDownloadId, RestoreId};
use windlass_model::time::Timestamp;
use windlass_records::{BackupDownload, InstanceDownload, InstanceRestore, Restore, Upload};

use crate::fault::Fault;
use crate::row::{
    document, document_or_none, number, parsed, parsed_or_none, text, time, time_or_none,
    word_or_none,
};

pub(crate) async fn download(
    connection: &mut SqliteConnection,
    id: BackupDownloadId,
) -> Result<Option<BackupDownload>, Fault> {
    let row = query("SELECT * FROM backup_download WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(BackupDownload {
        id: parsed(&row, "id")?,
        backup: parsed(&row, "backup_id")?,
        actor: text(&row, "actor")?,
        created_at: time(&row, "created_at")?,
        ends_at: time(&row, "ends_at")?,
    }))
}

pub(crate) async fn instance_downloads(
    connection: &mut SqliteConnection,
    download: BackupDownloadId,
) -> Result<Vec<InstanceDownload>, Fault> {
    let rows = query("SELECT * FROM instance_download WHERE download_id = ? ORDER BY id")
        .bind(download.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(instance_download_from).collect()
}

pub(crate) async fn instance_download(
    connection: &mut SqliteConnection,
    id: InstanceDownloadId,
) -> Result<Option<InstanceDownload>, Fault> {
    let row = query("SELECT * FROM instance_download WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(instance_download_from).transpose()
}

pub(crate) async fn download_by_link(
    connection: &mut SqliteConnection,
    hash: &str,
    now: Timestamp,
) -> Result<Option<InstanceDownload>, Fault> {
    let row = query(
        "SELECT instance_download.* FROM instance_download \
         JOIN backup_download ON backup_download.id = instance_download.download_id \
         WHERE link_hash = ? AND ends_at > ?",
    )
    .bind(hash)
    .bind(now.0)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(instance_download_from).transpose()
}

pub(crate) async fn uploads(
    connection: &mut SqliteConnection,
    backup: BackupId,
) -> Result<Vec<Upload>, Fault> {
    let rows = query(
        "SELECT upload.* FROM upload JOIN instance_backup AS part ON part.id = upload.instance_backup_id \
         WHERE part.backup_id = ? ORDER BY upload.id",
    )
    .bind(backup.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(upload_from).collect()
}

pub(crate) async fn upload_by_link(
    connection: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<Upload>, Fault> {
    let row = query("SELECT * FROM upload WHERE link_hash = ?1 OR finish_hash = ?1")
        .bind(hash)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(upload_from).transpose()
}

pub(crate) async fn restore(
    connection: &mut SqliteConnection,
    id: RestoreId,
) -> Result<Option<Restore>, Fault> {
    let row = query("SELECT * FROM restore WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Restore {
        id: parsed(&row, "id")?,
        organisation: parsed(&row, "organisation_id")?,
        backup: parsed(&row, "backup_id")?,
        environment: parsed(&row, "environment_id")?,
        notes: text(&row, "notes")?,
        success: word_or_none(&row, "success")?,
        actor: text(&row, "actor")?,
        created_at: time(&row, "created_at")?,
        ended_at: time_or_none(&row, "ended_at")?,
    }))
}

pub(crate) async fn instance_restores(
    connection: &mut SqliteConnection,
    restore: RestoreId,
) -> Result<Vec<InstanceRestore>, Fault> {
    let rows = query("SELECT * FROM instance_restore WHERE restore_id = ? ORDER BY id")
        .bind(restore.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(InstanceRestore {
                id: parsed(row, "id")?,
                restore: parsed(row, "restore_id")?,
                instance_backup: parsed(row, "instance_backup_id")?,
                instance: parsed(row, "instance_id")?,
                operation: parsed(row, "operation_id")?,
                safety: parsed_or_none(row, "safety_id")?,
                errors: document(row, "errors")?,
                ended_at: time_or_none(row, "ended_at")?,
            })
        })
        .collect()
}

fn instance_download_from(row: &SqliteRow) -> Result<InstanceDownload, Fault> {
    Ok(InstanceDownload {
        id: parsed(row, "id")?,
        download: parsed(row, "download_id")?,
        instance_backup: parsed(row, "instance_backup_id")?,
        link: parsed(row, "link")?,
        link_hash: text(row, "link_hash")?,
    })
}

fn upload_from(row: &SqliteRow) -> Result<Upload, Fault> {
    Ok(Upload {
        id: parsed(row, "id")?,
        instance_backup: parsed(row, "instance_backup_id")?,
        link_hash: text(row, "link_hash")?,
        finish_hash: text(row, "finish_hash")?,
        most_bytes: number(row, "most_bytes")?,
        ends_at: time(row, "ends_at")?,
        received: document_or_none(row, "received")?,
        created_at: time(row, "created_at")?,
    })
}
