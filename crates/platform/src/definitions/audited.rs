//! How an operation ended, for the audit log: around every definition.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use windlass_operations::{Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec};
use windlass_records::{AuditEntry, AuditOutcome, Change};

use crate::failures;
use crate::parts::Parts;

/// A definition whose operations leave an entry at their end.
pub(crate) struct Audited<D> {
    parts: Arc<Parts>,
    inner: D,
}

impl<D: Definition<Change>> Audited<D> {
    pub(crate) fn new(parts: &Arc<Parts>, inner: D) -> Self {
        let parts = parts.clone();
        Self { parts, inner }
    }

    async fn ended(&self, operation: &Operation, outcome: AuditOutcome) -> Result<Change, Failure> {
        let application = self.parts.application_of(&operation.subject).await;
        Ok(Change::Audit(AuditEntry {
            at: self.parts.now(),
            actor: operation.actor.clone(),
            request_id: operation.request_id.clone(),
            // The request that began it has an entry with that.
            address: String::new(),
            action: format!("{}.end", operation.kind),
            subject: operation.id.to_string(),
            organisation: operation.tenant.parse().ok(),
            application: application.map_err(|error| failures::store(&error))?,
            detail: String::new(),
            outcome,
        }))
    }
}

#[async_trait]
impl<D: Definition<Change>> Definition<Change> for Audited<D> {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn version(&self) -> u32 {
        self.inner.version()
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        self.inner.steps(params)
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        self.inner.run(context).await
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        self.inner.undo(context).await
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        let ended = match outcome {
            Outcome::Succeeded => AuditOutcome::Succeeded,
            Outcome::RolledBack(_) => AuditOutcome::Failed,
        };
        let mut changes = self.inner.finish(operation, outcome).await?;
        changes.push(self.ended(operation, ended).await?);
        Ok(changes)
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        let mut changes = self.inner.abandon(operation).await?;
        changes.push(self.ended(operation, AuditOutcome::Failed).await?);
        Ok(changes)
    }
}
