//! The audit log: who did what. Append-only, without secrets.

use serde::{Deserialize, Serialize};
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_model::time::Timestamp;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done, in the transaction that wrote the entry.
    Done,
    /// An operation began, or was told something; a later entry tells how it ended.
    Begun,
    /// The operation ended well.
    Succeeded,
    /// The operation ended without success.
    Failed,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a user's address, or `windlass`.
    pub actor: String,
    /// The request.
    pub request_id: String,
    /// The address of the client; empty when it was none.
    pub address: String,
    /// What was done: `service.remove`.
    pub action: String,
    /// To what, for people.
    pub subject: String,
    /// The organisation; without one that of the application, else the installation's first, which operates it.
    pub organisation: Option<OrganisationId>,
    /// The application, if any.
    pub application: Option<ApplicationId>,
    /// What else matters.
    pub detail: String,
    /// What came of it.
    pub outcome: AuditOutcome,
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number: later entries have higher ones.
    pub number: u64,
    /// The entry.
    pub entry: AuditEntry,
}

/// Which entries. Newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Of this application.
    pub application: Option<ApplicationId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}
