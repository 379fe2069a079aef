//! Applications and their environments.

use serde::{Deserialize, Serialize};
use windlass_model::id::{
    ApplicationId, EnvironmentId, OrganisationId, RegionId, ReleaseId, RepositoryId, SecretId,
};
use windlass_model::names::{ApplicationSlug, BranchName, EnvironmentSlug};
use windlass_model::time::Timestamp;

/// A command that runs in the new image with the new variables before the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCommand {
    /// Its name for people.
    pub label: String,
    /// The command, given to `sh -c`.
    pub command: String,
}

/// An application: one code base in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// The organisation that owns it.
    pub organisation: OrganisationId,
    /// Its name in host names and repositories; unique in the installation.
    pub slug: ApplicationSlug,
    /// Its name for people.
    pub name: String,
    /// Where it runs.
    pub region: RegionId,
    /// What runs before each switch.
    pub release_commands: Vec<ReleaseCommand>,
    /// The repository elsewhere that has its code; the application's own without.
    pub repository: Option<RepositoryId>,
    /// Whether it is being removed: nothing else may begin.
    pub removing: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An environment of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// The application.
    pub application: ApplicationId,
    /// Its name, unique in the application.
    pub slug: EnvironmentSlug,
    /// Its place in lists: `test` 0, `live` 1, others after them.
    pub position: i64,
    /// The branch that is deployed.
    pub branch: BranchName,
    /// The number of its subnet, unique in the region: what its network's addresses are made from.
    pub subnet: u32,
    /// The value of `SECRET_KEY`.
    pub secret_key: SecretId,
    /// The release that runs; changed by the pivot of a deployment only.
    pub running_release: Option<ReleaseId>,
    /// When it was created.
    pub created_at: Timestamp,
}
