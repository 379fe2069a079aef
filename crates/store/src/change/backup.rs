//! Changes of backups.

use sqlx::query;
use windlass_model::backup::{BackupTrigger, Success};
use windlass_model::id::{BackupId, InstanceBackupId};
use windlass_model::time::Timestamp;
use windlass_records::{ArchiveResult, Backup, BackupState, InstanceBackup};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{flag, number, parsed, text, to_document, word};

/// Deletions of all that refers to a backup, child before parent.
const DELETIONS: [&str; 7] = [
    "DELETE FROM instance_restore WHERE restore_id IN (SELECT id FROM restore WHERE backup_id = ?1)",
    "DELETE FROM restore WHERE backup_id = ?1",
    "DELETE FROM instance_download WHERE download_id IN (SELECT id FROM backup_download WHERE backup_id = ?1)",
    "DELETE FROM backup_download WHERE backup_id = ?1",
    "DELETE FROM upload WHERE instance_backup_id IN (SELECT id FROM instance_backup WHERE backup_id = ?1)",
    "DELETE FROM instance_backup WHERE backup_id = ?1",
    "DELETE FROM backup WHERE id = ?1",
];

/// The secrets of these.
const SECRETS: &str = "SELECT key_secret AS id FROM instance_backup WHERE backup_id = ?1 \
    UNION SELECT link FROM instance_download \
        WHERE download_id IN (SELECT id FROM backup_download WHERE backup_id = ?1)";

impl Changes<'_> {
    pub(super) async fn insert_backup(&mut self, row: &Backup) -> Result<(), Fault> {
        let application = self.application_of(row.environment).await?;
        // Which is what makes it one.
        if row.trigger != BackupTrigger::Final {
            self.expect_application_stays(application).await?;
        }
        self.expect_organisation(row.organisation).await?;
        query(
            "INSERT INTO backup (id, organisation_id, environment_id, origin, cause, notes, state, success, \
             scheduled_for_deletion_at, operation_id, actor, created_at, ended_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.organisation.to_string())
        .bind(row.environment.to_string())
        .bind(&row.origin)
        .bind(row.trigger.as_str())
        .bind(&row.notes)
        .bind(row.state.as_str())
        .bind(row.success.map(Success::as_str))
        .bind(row.scheduled_for_deletion_at.map(|at| at.0))
        .bind(row.operation.map(|id| id.to_string()))
        .bind(&row.actor)
        .bind(row.created_at.0)
        .bind(row.ended_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let text = || format!("backup {} exists already", row.id);
            unique(error, &[("backup.id", &text)])
        })?;
        Ok(())
    }

    pub(super) async fn insert_instance_backup(
        &mut self,
        row: &InstanceBackup,
    ) -> Result<(), Fault> {
        self.expect_running(row.backup).await?;
        self.references.need(row.key);
        let created_at = query("SELECT created_at FROM backup WHERE id = ?")
            .bind(row.backup.to_string())
            .fetch_one(&mut *self.connection)
            .await?;
        query(
            "INSERT INTO instance_backup (id, backup_id, instance_id, kind, driver, prefix, format, \
             target, object, key_secret, errors, created_at, started_at, ended_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        )
        .bind(row.id.to_string())
        .bind(row.backup.to_string())
        .bind(row.instance.to_string())
        .bind(&row.kind)
        .bind(&row.driver)
        .bind(row.prefix.as_str())
        .bind(&row.format)
        .bind(&row.target)
        .bind(&row.object)
        .bind(row.key.to_string())
        .bind(to_document(&row.errors))
        .bind(number::<i64>(&created_at, "created_at")?)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let twice = || format!("the backup has the instance with prefix {} already", row.prefix);
            let object = || format!("'{}' is another archive's name", row.object);
            unique(
                error,
                &[
                    ("instance_backup.backup_id, instance_backup.instance_id", &twice),
                    ("instance_backup.target, instance_backup.object", &object),
                ],
            )
        })?;
        Ok(())
    }

    pub(super) async fn start_instance_backup(
        &mut self,
        id: InstanceBackupId,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let backup = self.expect_unfinished_part(id).await?;
        query("UPDATE instance_backup SET started_at = ? WHERE id = ?")
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                let busy = || {
                    "another backup of the instance is being made; wait for it to end".to_owned()
                };
                unique(error, &[("instance_backup.instance_id", &busy)])
            })?;
        query("UPDATE backup SET state = 'RUNNING' WHERE id = ? AND state = 'WAITING'")
            .bind(backup.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn finish_instance_backup(
        &mut self,
        id: InstanceBackupId,
        result: &ArchiveResult,
        at: Timestamp,
    ) -> Result<(), Fault> {
        self.expect_unfinished_part(id).await?;
        let (archive, errors) = match result {
            Ok(archive) => (Some(archive), &[][..]),
            Err(errors) if errors.is_empty() => {
                return Err(conflict(format!(
                    "backup {id} cannot fail without a reason; this is a fault of Windlass"
                )));
            }
            Err(errors) => (None, &errors[..]),
        };
        let size = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let row = query(
            "UPDATE instance_backup SET server_version = ?, content_bytes = ?, content_sha256 = ?, stored_bytes = ?, stored_sha256 = ?, \
             errors = ?, ended_at = ? WHERE id = ? RETURNING key_secret",
        )
        .bind(archive.and_then(|archive| archive.server_version.as_deref()))
        .bind(archive.map(|archive| size(archive.content_bytes)))
        .bind(archive.map(|archive| &archive.content_sha256))
        .bind(archive.map(|archive| size(archive.stored_bytes)))
        .bind(archive.map(|archive| &archive.stored_sha256))
        .bind(to_document(errors))
        .bind(at.0)
        .bind(id.to_string())
        .fetch_one(&mut *self.connection)
        .await?;
        if archive.is_none() {
            self.references.loosen(parsed(&row, "key_secret")?);
        }
        Ok(())
    }

    pub(super) async fn finish_backup(&mut self, id: BackupId, at: Timestamp) -> Result<(), Fault> {
        self.expect_running(id).await?;
        let parts = query(
            "SELECT ended_at IS NOT NULL AS has_ended, content_bytes IS NOT NULL AS is_good \
             FROM instance_backup WHERE backup_id = ?",
        )
        .bind(id.to_string())
        .fetch_all(&mut *self.connection)
        .await?;
        let mut good = Vec::with_capacity(parts.len());
        for part in &parts {
            if !flag(part, "has_ended")? {
                return Err(conflict(format!(
                    "backup {id} cannot end before all of it has; this is a fault of Windlass"
                )));
            }
            good.push(flag(part, "is_good")?);
        }
        query("UPDATE backup SET state = 'COMPLETED', success = ?, ended_at = ? WHERE id = ?")
            .bind(Success::of(good).as_str())
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn set_backup_deletion(
        &mut self,
        id: BackupId,
        at: Option<Timestamp>,
    ) -> Result<(), Fault> {
        if self.backup_state(id).await? == BackupState::Deleting {
            return Err(being_deleted(id));
        }
        let result = query("UPDATE backup SET scheduled_for_deletion_at = ? WHERE id = ?")
            .bind(at.map(|at| at.0))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("backup {id}"))
    }

    pub(super) async fn begin_backup_deletion(
        &mut self,
        id: BackupId,
        at: Timestamp,
    ) -> Result<(), Fault> {
        match self.backup_state(id).await? {
            BackupState::Deleting => return Ok(()),
            BackupState::Completed => {}
            BackupState::Waiting | BackupState::Running => {
                return Err(conflict(format!(
                    "backup {id} is at work; wait for it to end, or cancel it"
                )));
            }
        }
        let used = query(
            "SELECT (SELECT 'restore ' || id FROM restore WHERE backup_id = ?1 AND ended_at IS NULL LIMIT 1) AS restore, \
             (SELECT 'download ' || id FROM backup_download WHERE backup_id = ?1 AND ends_at > ?2 LIMIT 1) AS download",
        )
        .bind(id.to_string())
        .bind(at.0)
        .fetch_one(&mut *self.connection)
        .await?;
        for column in ["restore", "download"] {
            if let Some(user) = crate::row::text_or_none(&used, column)? {
                return Err(conflict(format!(
                    "backup {id} is in use by {user}; it is kept until that ends"
                )));
            }
        }
        query("UPDATE backup SET state = 'DELETING' WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn delete_backup(&mut self, id: BackupId) -> Result<(), Fault> {
        let row = query("SELECT state FROM backup WHERE id = ?").bind(id.to_string());
        let Some(row) = row.fetch_optional(&mut *self.connection).await? else {
            return Ok(());
        };
        if word::<BackupState>(&row, "state")? != BackupState::Deleting {
            return Err(conflict(format!(
                "backup {id} cannot be forgotten before its archives are deleted; this is a fault of Windlass"
            )));
        }
        let secrets = query(SECRETS)
            .bind(id.to_string())
            .fetch_all(&mut *self.connection)
            .await?;
        for row in secrets {
            self.references.loosen(parsed(&row, "id")?);
        }
        for deletion in DELETIONS {
            query(deletion)
                .bind(id.to_string())
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// A backup that is there for good, to be read.
    pub(super) async fn expect_completed(&mut self, id: BackupId) -> Result<(), Fault> {
        match self.backup_state(id).await? {
            BackupState::Completed => Ok(()),
            BackupState::Deleting => Err(being_deleted(id)),
            BackupState::Waiting | BackupState::Running => {
                Err(conflict(format!("backup {id} has not ended; wait for it")))
            }
        }
    }

    /// A part of that backup that can be read.
    pub(super) async fn expect_good_part(
        &mut self,
        id: InstanceBackupId,
        backup: BackupId,
    ) -> Result<(), Fault> {
        let row = query("SELECT backup_id, prefix, content_bytes IS NOT NULL AS is_good FROM instance_backup WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("instance backup {id}")))?;
        if parsed::<BackupId>(&row, "backup_id")? != backup {
            return Err(missing(format!("instance backup {id} in backup {backup}")));
        }
        if !flag(&row, "is_good")? {
            let prefix = text(&row, "prefix")?;
            return Err(conflict(format!(
                "the backup of the instance with prefix {prefix} has failed; there is nothing to read"
            )));
        }
        Ok(())
    }

    /// The backup of a part that has not ended.
    pub(super) async fn expect_unfinished_part(
        &mut self,
        id: InstanceBackupId,
    ) -> Result<BackupId, Fault> {
        let row = query(
            "SELECT backup_id, ended_at IS NOT NULL AS has_ended FROM instance_backup WHERE id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.connection)
        .await?
        .ok_or_else(|| missing(format!("instance backup {id}")))?;
        if flag(&row, "has_ended")? {
            return Err(conflict(format!("instance backup {id} has ended already")));
        }
        parsed(&row, "backup_id")
    }

    async fn expect_running(&mut self, id: BackupId) -> Result<(), Fault> {
        match self.backup_state(id).await? {
            BackupState::Waiting | BackupState::Running => Ok(()),
            BackupState::Completed | BackupState::Deleting => {
                Err(conflict(format!("backup {id} has ended already")))
            }
        }
    }

    async fn backup_state(&mut self, id: BackupId) -> Result<BackupState, Fault> {
        let row = query("SELECT state FROM backup WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("backup {id}")))?;
        word(&row, "state")
    }
}

fn being_deleted(id: BackupId) -> Fault {
    conflict(format!("backup {id} is being deleted"))
}
