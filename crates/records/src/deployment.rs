//! Deployments and releases.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::{
    BindingId, DeploymentId, EnvironmentId, InstanceId, OperationId, ReleaseId, SecretId,
};
use windlass_model::names::{Prefix, ProcessName, VariableName};
use windlass_model::profile::Profile;
use windlass_model::time::Timestamp;
use windlass_model::variables::VariableSource;

/// Where a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStatus {
    /// Recorded, not begun.
    Queued,
    /// Services are being provisioned and bound.
    Provisioning,
    /// The image is being built.
    Building,
    /// Release commands run.
    Releasing,
    /// The new containers start.
    Scaling,
    /// The new containers are being checked.
    Checking,
    /// The new release is the running one; the old one is being retired.
    Switching,
    /// Ended well.
    Completed,
    /// Ended; nothing has changed.
    Failed,
    /// Ended by a user before the pivot; nothing has changed.
    Cancelled,
}

impl DeploymentStatus {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Provisioning,
        Self::Building,
        Self::Releasing,
        Self::Scaling,
        Self::Checking,
        Self::Switching,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Provisioning => "PROVISIONING",
            Self::Building => "BUILDING",
            Self::Releasing => "RELEASING",
            Self::Scaling => "SCALING",
            Self::Checking => "CHECKING",
            Self::Switching => "SWITCHING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// How far it is, in per cent.
    pub fn percent(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Provisioning => 10,
            Self::Building => 30,
            Self::Releasing => 70,
            Self::Scaling => 80,
            Self::Checking => 90,
            Self::Switching => 95,
            Self::Completed | Self::Failed | Self::Cancelled => 100,
        }
    }

    /// Whether it has ended.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The attempt to make a new release run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// The environment. One unfinished deployment per environment, by a unique index.
    pub environment: EnvironmentId,
    /// Its operation.
    pub operation: OperationId,
    /// Its number in the environment, from 1.
    pub number: u32,
    /// The release that it makes; the row exists once the deployment has prepared it.
    pub release: ReleaseId,
    /// The wished set at its start: the platform's own form, without secrets.
    pub snapshot: Value,
    /// The instances of the snapshot and of the release that ran at the start: a removal of one of them
    /// waits for the deployment's end.
    pub instances: Vec<InstanceId>,
    /// Where it stands.
    pub status: DeploymentStatus,
    /// The step that failed.
    pub failed_step: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The commit that is deployed, once known.
    pub commit: Option<String>,
    /// Who asked for it, for people.
    pub actor: String,
    /// When it was created.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A process of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its name.
    pub name: ProcessName,
    /// Its command, given to `sh -c`; the image's own without.
    pub command: Option<String>,
    /// How many containers.
    pub count: u32,
    /// The port of a process that is routed.
    pub port: Option<u16>,
    /// The path that is asked in its health check.
    pub health_path: String,
}

/// The value of a release's variable: given in the clear, or a reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableValue {
    /// No secret at all: a built-in variable.
    Plain(String),
    /// A secret of the store, whole.
    Secret(SecretId),
    /// Made from a binding by its service's driver.
    Binding(BindingId),
}

/// A variable that a release pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseVariable {
    /// Its name.
    pub name: VariableName,
    /// Where it comes from.
    pub source: VariableSource,
    /// Its value, by reference.
    pub value: VariableValue,
    /// Whether it is hidden in lists.
    pub is_sensitive: bool,
}

/// A binding that a release pins, with what its variables are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseBinding {
    /// The binding.
    pub binding: BindingId,
    /// Its instance.
    pub instance: InstanceId,
    /// The prefix that the instance had.
    pub prefix: Prefix,
    /// The scheme that its URL had.
    pub url_scheme: Option<String>,
    /// Whose names its variables had besides.
    #[serde(default)]
    pub profile: Option<Profile>,
    /// The host at which everybody could read what it holds, if it was public.
    #[serde(default)]
    pub media_host: Option<String>,
}

/// A release: immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// The environment.
    pub environment: EnvironmentId,
    /// Its number in the environment, from 1; 0 for one whose deployment did not get to its pivot.
    pub number: u32,
    /// The deployment that made it.
    pub deployment: DeploymentId,
    /// The image, pinned by content address.
    pub image: String,
    /// The commit that the image was built from.
    pub commit: Option<String>,
    /// Its processes.
    pub processes: Vec<Process>,
    /// Its variables, by reference.
    pub variables: Vec<ReleaseVariable>,
    /// Its bindings.
    pub bindings: Vec<ReleaseBinding>,
    /// The host names under which it is served.
    pub hosts: Vec<String>,
    /// The release that it takes up again, when it was made by a rollback.
    pub rollback_of: Option<ReleaseId>,
    /// When it was made.
    pub created_at: Timestamp,
}
