//! Entries of the audit log.

use serde::Serialize;
use utoipa::ToSchema;
use windlass_records::{AuditOutcome, AuditRecord};

use super::time;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditItem {
    /// Later entries have higher numbers.
    number: u64,
    at: String,
    /// A user's address, or `windlass`.
    actor: String,
    /// The address of the client; empty when there was none.
    address: String,
    request_id: String,
    /// What was done, such as `service.remove`.
    action: String,
    /// To what.
    subject: String,
    #[schema(required)]
    application: Option<String>,
    detail: String,
    /// `done`, or of operations `begun`, and at their end `succeeded` or `failed`.
    outcome: &'static str,
}

impl From<AuditRecord> for AuditItem {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { number, entry } = record;
        Self {
            number,
            at: time(entry.at),
            actor: entry.actor,
            address: entry.address,
            request_id: entry.request_id,
            action: entry.action,
            subject: entry.subject,
            application: entry.application.map(|id| id.to_string()),
            detail: entry.detail,
            outcome: match entry.outcome {
                AuditOutcome::Done => "done",
                AuditOutcome::Begun => "begun",
                AuditOutcome::Succeeded => "succeeded",
                AuditOutcome::Failed => "failed",
            },
        }
    }
}
