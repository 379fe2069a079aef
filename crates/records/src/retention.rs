//! How much of the past is kept.

use windlass_model::id::{DeploymentId, ReleaseId};

/// The kind of the subject of the operation that removes what an environment keeps no longer; its id is the
/// environment's. A kind of its own: such an operation holds up nothing else that is done to the environment,
/// the removal of its application included.
pub const CLEAN_UP_SUBJECT: &str = "environment-clean-up";

/// How much of an environment's past is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// This many of its newest numbered releases; the running one in any case.
    pub releases: u32,
    /// Of the deployments that made none of these releases, this many of the newest.
    pub deployments: u32,
}

/// What of an environment is past its limits, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surplus {
    /// Releases: numbered ones beyond the limit, and whatever release the deployments below still have.
    pub releases: Vec<SurplusRelease>,
    /// Deployments beyond the limit.
    pub deployments: Vec<DeploymentId>,
}

/// A release past the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurplusRelease {
    /// The release.
    pub id: ReleaseId,
    /// Its number; 0 for one whose deployment was given up before its pivot.
    pub number: u32,
    /// The deployment that made it, from which its image's tag is named.
    pub deployment: DeploymentId,
}

/// What one look at operations that have ended came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed {
    /// How many were deleted.
    pub operations: u64,
    /// Where to look on; `None` at the end.
    pub next: Option<String>,
}
