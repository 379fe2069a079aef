//! Data on its way out and in: downloads, uploads and restores of backups.

use serde::{Deserialize, Serialize};
use windlass_model::backup::Success;
use windlass_model::id::{
    BackupDownloadId, BackupId, EnvironmentId, InstanceBackupId, InstanceDownloadId, InstanceId,
    InstanceRestoreId, OperationId, OrganisationId, RestoreId, SecretId, UploadId,
};
use windlass_model::time::Timestamp;

/// A download of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupDownload {
    /// Its id.
    pub id: BackupDownloadId,
    /// The backup.
    pub backup: BackupId,
    /// Who wanted it.
    pub actor: String,
    /// When it was wanted.
    pub created_at: Timestamp,
    /// Until when its links open anything, and the backup stays.
    pub ends_at: Timestamp,
}

/// What a download has of one instance: a link, whose secret is known by its hash. The secret itself is sealed: the link
/// can be shown for as long as it opens something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDownload {
    /// Its id.
    pub id: InstanceDownloadId,
    /// The download.
    pub download: BackupDownloadId,
    /// What it is of.
    pub instance_backup: InstanceBackupId,
    /// The secret in the link.
    pub link: SecretId,
    /// The secret's SHA-256, in hexadecimal digits.
    pub link_hash: String,
}

/// What is to be uploaded for one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// What it becomes.
    pub instance_backup: InstanceBackupId,
    /// SHA-256 of the secret in the link that content is put to.
    pub link_hash: String,
    /// SHA-256 of the secret in the link that says that all was put.
    pub finish_hash: String,
    /// The most that is taken.
    pub most_bytes: u64,
    /// Until when it can be put.
    pub ends_at: Timestamp,
    /// What was put.
    pub received: Option<Received>,
    /// When it was wanted.
    pub created_at: Timestamp,
}

/// Content that has come in, all of it. The row of the backup gets it when the link to finish is called and it was
/// looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The archive that it is in.
    pub archive: crate::Archive,
    /// When it had come.
    pub at: Timestamp,
}

/// A restore of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// Its id.
    pub id: RestoreId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The backup.
    pub backup: BackupId,
    /// The environment whose instances are restored.
    pub environment: EnvironmentId,
    /// What the user wrote about it.
    pub notes: String,
    /// How it ended.
    pub success: Option<Success>,
    /// Who wanted it.
    pub actor: String,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a restore does to one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRestore {
    /// Its id.
    pub id: InstanceRestoreId,
    /// The restore.
    pub restore: RestoreId,
    /// What is restored.
    pub instance_backup: InstanceBackupId,
    /// Into which instance.
    pub instance: InstanceId,
    /// The operation that does it.
    pub operation: OperationId,
    /// The backup of what was there before.
    pub safety: Option<InstanceBackupId>,
    /// Why nothing was changed.
    pub errors: Vec<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}
