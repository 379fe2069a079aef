//! Changes of downloads, uploads and restores.

use sqlx::query;
use windlass_model::backup::Success;
use windlass_model::id::{
    BackupDownloadId, BackupId, InstanceBackupId, InstanceRestoreId, RestoreId, UploadId,
};
use windlass_model::time::Timestamp;
use windlass_records::{
    BackupDownload, InstanceDownload, InstanceRestore, Received, Restore, Upload,
};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{document, flag, parsed, to_document};

impl Changes<'_> {
    pub(super) async fn insert_backup_download(
        &mut self,
        row: &BackupDownload,
    ) -> Result<(), Fault> {
        self.expect_completed(row.backup).await?;
        query("INSERT INTO backup_download (id, backup_id, actor, created_at, ends_at) VALUES (?, ?, ?, ?, ?)")
            .bind(row.id.to_string())
            .bind(row.backup.to_string())
            .bind(&row.actor)
            .bind(row.created_at.0)
            .bind(row.ends_at.0)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn insert_instance_download(
        &mut self,
        row: &InstanceDownload,
    ) -> Result<(), Fault> {
        let download = query("SELECT backup_id FROM backup_download WHERE id = ?")
            .bind(row.download.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("download {}", row.download)))?;
        let backup: BackupId = parsed(&download, "backup_id")?;
        self.expect_good_part(row.instance_backup, backup).await?;
        self.references.need(row.link);
        query("INSERT INTO instance_download (id, download_id, instance_backup_id, link, link_hash) VALUES (?, ?, ?, ?, ?)")
            .bind(row.id.to_string())
            .bind(row.download.to_string())
            .bind(row.instance_backup.to_string())
            .bind(row.link.to_string())
            .bind(&row.link_hash)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                let twice = || format!("download {} has instance backup {} already", row.download, row.instance_backup);
                unique(error, &[
                    ("instance_download.download_id, instance_download.instance_backup_id", &twice),
                    ("instance_download.link_hash", &link_exists),
                ])
            })?;
        Ok(())
    }

    pub(super) async fn delete_backup_download(
        &mut self,
        id: BackupDownloadId,
    ) -> Result<(), Fault> {
        let links = query("DELETE FROM instance_download WHERE download_id = ? RETURNING link")
            .bind(id.to_string())
            .fetch_all(&mut *self.connection)
            .await?;
        for row in links {
            self.references.loosen(parsed(&row, "link")?);
        }
        query("DELETE FROM backup_download WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn insert_upload(&mut self, row: &Upload) -> Result<(), Fault> {
        self.expect_unfinished_part(row.instance_backup).await?;
        query(
            "INSERT INTO upload (id, instance_backup_id, link_hash, finish_hash, most_bytes, ends_at, received, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.instance_backup.to_string())
        .bind(&row.link_hash)
        .bind(&row.finish_hash)
        .bind(i64::try_from(row.most_bytes).unwrap_or(i64::MAX))
        .bind(row.ends_at.0)
        .bind(row.received.as_ref().map(to_document))
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let twice = || format!("instance backup {} has an upload already", row.instance_backup);
            unique(error, &[
                ("upload.instance_backup_id", &twice),
                ("upload.link_hash", &link_exists),
                ("upload.finish_hash", &link_exists),
            ])
        })?;
        Ok(())
    }

    pub(super) async fn receive_upload(
        &mut self,
        id: UploadId,
        received: &Received,
    ) -> Result<(), Fault> {
        let row = query(
            "SELECT instance_backup_id, received IS NOT NULL AS is_received, ends_at <= ?2 AS is_over FROM upload WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(received.at.0)
        .fetch_optional(&mut *self.connection)
        .await?
        .ok_or_else(|| missing(format!("upload {id}")))?;
        if flag(&row, "is_received")? {
            return Err(conflict(format!("upload {id} has come already")));
        }
        if flag(&row, "is_over")? {
            return Err(conflict(format!(
                "the time of upload {id} is over; begin another"
            )));
        }
        let part: InstanceBackupId = parsed(&row, "instance_backup_id")?;
        self.expect_unfinished_part(part).await?;
        query("UPDATE upload SET received = ? WHERE id = ?")
            .bind(to_document(received))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn insert_restore(&mut self, row: &Restore) -> Result<(), Fault> {
        self.expect_completed(row.backup).await?;
        let application = self.application_of(row.environment).await?;
        self.expect_application_stays(application).await?;
        self.expect_organisation(row.organisation).await?;
        query(
            "INSERT INTO restore (id, organisation_id, backup_id, environment_id, notes, success, actor, created_at, ended_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.organisation.to_string())
        .bind(row.backup.to_string())
        .bind(row.environment.to_string())
        .bind(&row.notes)
        .bind(row.success.map(Success::as_str))
        .bind(&row.actor)
        .bind(row.created_at.0)
        .bind(row.ended_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    pub(super) async fn insert_instance_restore(
        &mut self,
        row: &InstanceRestore,
    ) -> Result<(), Fault> {
        let restore = query("SELECT backup_id FROM restore WHERE id = ? AND ended_at IS NULL")
            .bind(row.restore.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("restore {} that has not ended", row.restore)))?;
        let backup: BackupId = parsed(&restore, "backup_id")?;
        self.expect_good_part(row.instance_backup, backup).await?;
        query(
            "INSERT INTO instance_restore (id, restore_id, instance_backup_id, instance_id, operation_id, safety_id, errors, ended_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.restore.to_string())
        .bind(row.instance_backup.to_string())
        .bind(row.instance.to_string())
        .bind(row.operation.to_string())
        .bind(row.safety.map(|id| id.to_string()))
        .bind(to_document(&row.errors))
        .bind(row.ended_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let twice = || format!("restore {} restores instance {} already", row.restore, row.instance);
            unique(error, &[("instance_restore.restore_id, instance_restore.instance_id", &twice)])
        })?;
        Ok(())
    }

    pub(super) async fn set_restore_safety(
        &mut self,
        id: InstanceRestoreId,
        safety: InstanceBackupId,
    ) -> Result<(), Fault> {
        let result =
            query("UPDATE instance_restore SET safety_id = ? WHERE id = ? AND ended_at IS NULL")
                .bind(safety.to_string())
                .bind(id.to_string())
                .execute(&mut *self.connection)
                .await?;
        found(&result, || {
            format!("restore {id} of an instance that has not ended")
        })
    }

    pub(super) async fn finish_instance_restore(
        &mut self,
        id: InstanceRestoreId,
        errors: &[String],
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query("UPDATE instance_restore SET errors = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL")
            .bind(to_document(errors))
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || {
            format!("restore {id} of an instance that has not ended")
        })
    }

    pub(super) async fn finish_restore(
        &mut self,
        id: RestoreId,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let parts = query("SELECT errors, ended_at IS NOT NULL AS has_ended FROM instance_restore WHERE restore_id = ?")
            .bind(id.to_string())
            .fetch_all(&mut *self.connection)
            .await?;
        let mut good = Vec::with_capacity(parts.len());
        for part in &parts {
            if !flag(part, "has_ended")? {
                return Err(conflict(format!(
                    "restore {id} cannot end before all of it has; this is a fault of Windlass"
                )));
            }
            good.push(document::<Vec<String>>(part, "errors")?.is_empty());
        }
        let result =
            query("UPDATE restore SET success = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL")
                .bind(Success::of(good).as_str())
                .bind(at.0)
                .bind(id.to_string())
                .execute(&mut *self.connection)
                .await?;
        found(&result, || format!("restore {id} that has not ended"))
    }
}

fn link_exists() -> String {
    "the link exists already; try again".to_owned()
}
