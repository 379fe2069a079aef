//! Backups: what was kept of which instances.

use serde::{Deserialize, Serialize};
use windlass_model::backup::{BackupTrigger, Success};
use windlass_model::id::{
    BackupId, EnvironmentId, InstanceBackupId, InstanceId, OperationId, OrganisationId, SecretId,
};
use windlass_model::names::Prefix;
use windlass_model::time::Timestamp;

/// Where a backup stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupState {
    /// Recorded; nothing has begun, or what is uploaded has not come.
    Waiting,
    /// Being made.
    Running,
    /// Ended, well or not.
    Completed,
    /// Its archives are being deleted; nothing can be done with it any more.
    Deleting,
}

impl BackupState {
    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Deleting => "DELETING",
        }
    }
}

/// A backup of some instances of an environment. It stays when these are removed: who may see it then, its
/// organisation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The environment, which may be gone.
    pub environment: EnvironmentId,
    /// The environment's name for people, as it was: `shop/live`.
    pub origin: String,
    /// Why it was made.
    pub trigger: BackupTrigger,
    /// What the user wrote about it.
    pub notes: String,
    /// Where it stands.
    pub state: BackupState,
    /// How it ended.
    pub success: Option<Success>,
    /// When it is to be deleted, if somebody has said so; else the rules of retention say.
    pub scheduled_for_deletion_at: Option<Timestamp>,
    /// The operation that makes it; none for what is uploaded.
    pub operation: Option<OperationId>,
    /// Who wanted it: a user's address, or `windlass`.
    pub actor: String,
    /// When it was recorded: before anything was done.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What a backup has of one instance: an archive, from the moment when it is about to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceBackup {
    /// Its id.
    pub id: InstanceBackupId,
    /// The backup.
    pub backup: BackupId,
    /// The instance, which may be removed.
    pub instance: InstanceId,
    /// `DATABASE`, `STORAGE`, ...
    pub kind: String,
    /// The driver, which knows what is inside.
    pub driver: String,
    /// The instance's prefix, as it was.
    pub prefix: Prefix,
    /// The driver's name for the form of the content.
    pub format: String,
    /// The place that the archive is in, by its name in the settings.
    pub target: String,
    /// Its name there.
    pub object: String,
    /// Its key.
    pub key: SecretId,
    /// What it is, if it is good.
    pub archive: Option<Archive>,
    /// Why it is not.
    pub errors: Vec<String>,
    /// When it was begun.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// An archive that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The version of the server that the content is from, as it said itself; unknown of what was uploaded.
    pub server_version: Option<String>,
    /// How long the content is.
    pub content_bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub content_sha256: String,
    /// How long what is stored is.
    pub stored_bytes: u64,
    /// Its SHA-256.
    pub stored_sha256: String,
}

/// How a backup of one instance ended.
pub type ArchiveResult = Result<Archive, Vec<String>>;

/// Which backups. Newest first.
#[derive(Debug, Clone, Default)]
pub struct BackupFilter {
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Of this environment.
    pub environment: Option<EnvironmentId>,
    /// Made for this reason.
    pub trigger: Option<BackupTrigger>,
}

/// Which backups of one instance. Newest first.
#[derive(Debug, Clone, Default)]
pub struct InstanceBackupFilter {
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// In this backup.
    pub backup: Option<BackupId>,
    /// Of this instance.
    pub instance: Option<InstanceId>,
}

/// What schedules and alarms need of an instance that is provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupTimes {
    /// The instance.
    pub instance: InstanceId,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its last scheduled backup was recorded, and how it ended: none while it runs.
    pub last_scheduled: Option<(Timestamp, Option<bool>)>,
    /// When its last good backup of any sort was begun.
    pub last_good_at: Option<Timestamp>,
}
