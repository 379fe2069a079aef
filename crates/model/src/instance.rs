//! The life cycle of a service instance: one total `match`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The states of a service instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstanceState {
    /// Recorded only; nothing exists yet.
    New,
    /// Being made.
    Provisioning,
    /// Functional, can be filled with data, not yet known to the application.
    PendingAttachment,
    /// The running release has its variables.
    Attached,
    /// Still usable by the application; the next deployment detaches it.
    PendingDetachment,
    /// Data kept, credentials revoked; the running release does not have it.
    Detached,
    /// Its data is being destroyed.
    Removing,
    /// Gone; kept as a record only.
    Removed,
}

impl InstanceState {
    /// Every state, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Provisioning,
        Self::PendingAttachment,
        Self::Attached,
        Self::PendingDetachment,
        Self::Detached,
        Self::Removing,
        Self::Removed,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Provisioning => "PROVISIONING",
            Self::PendingAttachment => "PENDING_ATTACHMENT",
            Self::Attached => "ATTACHED",
            Self::PendingDetachment => "PENDING_DETACHMENT",
            Self::Detached => "DETACHED",
            Self::Removing => "REMOVING",
            Self::Removed => "REMOVED",
        }
    }

    /// Whether the server-side part of the instance exists and works.
    pub fn is_provisioned(self) -> bool {
        match self {
            Self::PendingAttachment | Self::Attached | Self::PendingDetachment | Self::Detached => {
                true
            }
            Self::New | Self::Provisioning | Self::Removing | Self::Removed => false,
        }
    }

    /// Whether the running release has the instance's variables.
    pub fn is_in_running_release(self) -> bool {
        matches!(self, Self::Attached | Self::PendingDetachment)
    }

    /// Whether the next deployment's release will have the instance: the wish.
    pub fn is_wished(self) -> bool {
        match self {
            Self::New | Self::Provisioning | Self::PendingAttachment | Self::Attached => true,
            Self::PendingDetachment | Self::Detached | Self::Removing | Self::Removed => false,
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no instance state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not the name of an instance state")]
pub struct UnknownState(pub String);

impl FromStr for InstanceState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownState(text.chars().take(64).collect()))
    }
}

/// What can happen to a service instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceEvent {
    /// Provisioning begins: asked for alone, or as the first part of a deployment.
    Provision,
    /// Provisioning ended well.
    Provisioned,
    /// Provisioning failed and what it had made is cleaned up.
    ProvisioningFailed,
    /// The user wants the next deployment to attach it.
    Attach,
    /// The user wants the next deployment to detach it.
    Detach,
    /// The user takes the wish to detach back.
    CancelDetach,
    /// A deployment whose release has the instance passed its pivot.
    DeployedWith,
    /// A deployment whose release does not have the instance passed its pivot.
    DeployedWithout,
    /// A deployment failed or was cancelled before its pivot.
    DeploymentFailed,
    /// The user changes its prefix.
    Rename,
    /// The user has it destroyed.
    Remove,
    /// Its data is destroyed.
    Removed,
    /// A removal was rolled back before anything was destroyed.
    RemovalFailed,
}

impl InstanceEvent {
    /// Every event, for tables and tests.
    pub const ALL: [Self; 13] = [
        Self::Provision,
        Self::Provisioned,
        Self::ProvisioningFailed,
        Self::Attach,
        Self::Detach,
        Self::CancelDetach,
        Self::DeployedWith,
        Self::DeployedWithout,
        Self::DeploymentFailed,
        Self::Rename,
        Self::Remove,
        Self::Removed,
        Self::RemovalFailed,
    ];
}

/// Why an event does not apply in a state, and the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Provision: it exists already.
    #[error("the instance is provisioned already; deploy to attach it")]
    AlreadyProvisioned,
    /// Anything while it is being made.
    #[error("the instance is being provisioned; wait for that operation to end, or cancel it")]
    BeingProvisioned,
    /// Anything while it is being destroyed.
    #[error("the instance is being removed; its prefix is free once the removal has ended")]
    BeingRemoved,
    /// Anything after it was destroyed.
    #[error("the instance has been removed; add a new one")]
    Gone,
    /// Attach: it is in the running release.
    #[error("the instance is attached already")]
    AlreadyAttached,
    /// Attach: the next deployment does that anyway.
    #[error("the instance will be attached by the next deployment already; deploy to attach it")]
    AlreadyPendingAttachment,
    /// Attach: a wish to detach stands in the way.
    #[error("the instance is waiting to be detached; cancel that to keep it attached")]
    CancelDetachInstead,
    /// Detach: it is in no release.
    #[error("the instance is not attached; nothing is to be detached, it can be removed")]
    NotAttached,
    /// Detach: wished already.
    #[error(
        "the instance will be detached by the next deployment already; deploy to detach it, or cancel"
    )]
    AlreadyPendingDetachment,
    /// Detach: done already.
    #[error("the instance is detached already; attach it again, or remove it")]
    AlreadyDetached,
    /// Cancel: there is no wish to detach.
    #[error("the instance is not waiting to be detached; there is nothing to cancel")]
    NothingToCancel,
    /// Remove: the running release uses it.
    #[error("the instance is attached; detach it and deploy before you remove it")]
    DetachFirst,
    /// Remove: the running release still uses it until the next deployment.
    #[error(
        "the instance is attached until the next deployment detaches it; deploy before you remove it"
    )]
    DeployFirst,
    /// An internal event that cannot happen in this state.
    #[error(
        "this cannot happen to an instance in this state; it is a fault of Windlass, please report it"
    )]
    Impossible,
}

/// What becomes of an instance in `state` when `event` happens: the state table of the life cycle.
///
/// Total: every pair is named. `Err` says why the pair is refused and what to do instead; a refused
/// event changes nothing.
#[expect(
    clippy::match_same_arms,
    reason = "the table is read by state; merging arms across states would hide a row"
)]
pub fn transition(state: InstanceState, event: InstanceEvent) -> Result<InstanceState, Refusal> {
    use InstanceEvent as E;
    use InstanceState as S;
    match (state, event) {
        (S::New, E::Provision) => Ok(S::Provisioning),
        (S::New, E::Rename) => Ok(S::New),
        (S::New, E::Remove) => Ok(S::Removing),
        (S::New, E::Attach) => Err(Refusal::AlreadyPendingAttachment),
        (S::New, E::Detach) => Err(Refusal::NotAttached),
        (S::New, E::CancelDetach) => Err(Refusal::NothingToCancel),
        // Added after the deployment took its snapshot.
        (S::New, E::DeployedWithout | E::DeploymentFailed) => Ok(S::New),
        (
            S::New,
            E::Provisioned
            | E::ProvisioningFailed
            | E::DeployedWith
            | E::Removed
            | E::RemovalFailed,
        ) => Err(Refusal::Impossible),

        (S::Provisioning, E::Provisioned) => Ok(S::PendingAttachment),
        (S::Provisioning, E::ProvisioningFailed) => Ok(S::New),
        // Provisioned on its own, after the deployment took its snapshot.
        (S::Provisioning, E::DeployedWithout | E::DeploymentFailed) => Ok(S::Provisioning),
        (S::Provisioning, E::Rename) => Ok(S::Provisioning),
        (S::Provisioning, E::Provision | E::Attach | E::Detach | E::CancelDetach | E::Remove) => {
            Err(Refusal::BeingProvisioned)
        }
        (S::Provisioning, E::DeployedWith | E::Removed | E::RemovalFailed) => {
            Err(Refusal::Impossible)
        }

        (S::PendingAttachment, E::DeployedWith) => Ok(S::Attached),
        (S::PendingAttachment, E::DeployedWithout | E::DeploymentFailed) => {
            Ok(S::PendingAttachment)
        }
        (S::PendingAttachment, E::Rename) => Ok(S::PendingAttachment),
        (S::PendingAttachment, E::Remove) => Ok(S::Removing),
        (S::PendingAttachment, E::Provision) => Err(Refusal::AlreadyProvisioned),
        (S::PendingAttachment, E::Attach) => Err(Refusal::AlreadyPendingAttachment),
        (S::PendingAttachment, E::Detach) => Err(Refusal::NotAttached),
        (S::PendingAttachment, E::CancelDetach) => Err(Refusal::NothingToCancel),
        (
            S::PendingAttachment,
            E::Provisioned | E::ProvisioningFailed | E::Removed | E::RemovalFailed,
        ) => Err(Refusal::Impossible),

        (S::Attached, E::Detach) => Ok(S::PendingDetachment),
        (S::Attached, E::DeployedWith | E::DeploymentFailed) => Ok(S::Attached),
        // A rollback to a release from before it was attached, or a wish to detach that was taken
        // back while the deployment ran: the data is kept, and the next deployment attaches it.
        (S::Attached, E::DeployedWithout) => Ok(S::PendingAttachment),
        (S::Attached, E::Rename) => Ok(S::Attached),
        (S::Attached, E::Provision) => Err(Refusal::AlreadyProvisioned),
        (S::Attached, E::Attach) => Err(Refusal::AlreadyAttached),
        (S::Attached, E::CancelDetach) => Err(Refusal::NothingToCancel),
        (S::Attached, E::Remove) => Err(Refusal::DetachFirst),
        (S::Attached, E::Provisioned | E::ProvisioningFailed | E::Removed | E::RemovalFailed) => {
            Err(Refusal::Impossible)
        }

        (S::PendingDetachment, E::CancelDetach) => Ok(S::Attached),
        (S::PendingDetachment, E::DeployedWithout) => Ok(S::Detached),
        (S::PendingDetachment, E::DeploymentFailed) => Ok(S::PendingDetachment),
        // Wished after the deployment took its snapshot, or a rollback: the wish waits for the next one.
        (S::PendingDetachment, E::DeployedWith) => Ok(S::PendingDetachment),
        (S::PendingDetachment, E::Rename) => Ok(S::PendingDetachment),
        (S::PendingDetachment, E::Provision) => Err(Refusal::AlreadyProvisioned),
        (S::PendingDetachment, E::Attach) => Err(Refusal::CancelDetachInstead),
        (S::PendingDetachment, E::Detach) => Err(Refusal::AlreadyPendingDetachment),
        (S::PendingDetachment, E::Remove) => Err(Refusal::DeployFirst),
        (
            S::PendingDetachment,
            E::Provisioned | E::ProvisioningFailed | E::Removed | E::RemovalFailed,
        ) => Err(Refusal::Impossible),

        (S::Detached, E::Attach) => Ok(S::PendingAttachment),
        (S::Detached, E::Remove) => Ok(S::Removing),
        (S::Detached, E::Rename) => Ok(S::Detached),
        (S::Detached, E::DeployedWithout | E::DeploymentFailed) => Ok(S::Detached),
        (S::Detached, E::Provision) => Err(Refusal::AlreadyProvisioned),
        (S::Detached, E::Detach) => Err(Refusal::AlreadyDetached),
        (S::Detached, E::CancelDetach) => Err(Refusal::NothingToCancel),
        (
            S::Detached,
            E::Provisioned
            | E::ProvisioningFailed
            | E::DeployedWith
            | E::Removed
            | E::RemovalFailed,
        ) => Err(Refusal::Impossible),

        (S::Removing, E::Removed) => Ok(S::Removed),
        // Back to what it was is the caller's record; without one, data that exists is `DETACHED`.
        (S::Removing, E::RemovalFailed) => Ok(S::Detached),
        (S::Removing, E::DeployedWithout | E::DeploymentFailed) => Ok(S::Removing),
        (
            S::Removing,
            E::Provision | E::Attach | E::Detach | E::CancelDetach | E::Rename | E::Remove,
        ) => Err(Refusal::BeingRemoved),
        (S::Removing, E::Provisioned | E::ProvisioningFailed | E::DeployedWith) => {
            Err(Refusal::Impossible)
        }

        (S::Removed, E::DeployedWithout | E::DeploymentFailed) => Ok(S::Removed),
        (
            S::Removed,
            E::Provision | E::Attach | E::Detach | E::CancelDetach | E::Rename | E::Remove,
        ) => Err(Refusal::Gone),
        (
            S::Removed,
            E::Provisioned
            | E::ProvisioningFailed
            | E::DeployedWith
            | E::Removed
            | E::RemovalFailed,
        ) => Err(Refusal::Impossible),
    }
}
