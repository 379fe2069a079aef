//! Operations: read, followed, cancelled, and what an operator does with one that is stuck.

use std::time::Duration;

use windlass_model::access::Action;
use windlass_model::id::OperationId;
use windlass_operations::runner::{CommandError, Subscription};
use windlass_operations::{EventRecord, Operation, OperationState};
use windlass_records::{AuditEntry, AuditOutcome, Change, OperationFilter, Page, PageRequest};

use crate::authorize::{Place, may};
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Store(inner) => inner.into(),
            CommandError::Definition { .. } => Self::Unavailable(error.to_string()),
        }
    }
}

impl Platform {
    /// The caller's operations, newest first; those in `states`, or all.
    pub async fn operations(
        &self,
        context: &Context,
        states: Vec<OperationState>,
        page: &PageRequest,
    ) -> Result<Page<Operation>, Error> {
        let only = context.scope.application();
        let mut organisations = context.organisations();
        organisations.retain(|id| {
            let place = Place::Application(*id, only);
            may(context, Action::ViewApplication, &place)
        });
        let filter = OperationFilter {
            tenants: Some(organisations.iter().map(ToString::to_string).collect()),
            application: only,
            states,
            subject: None,
        };
        Ok(self.parts.store.operations(&filter, page).await?)
    }

    /// An operation.
    pub async fn operation(&self, context: &Context, id: OperationId) -> Result<Operation, Error> {
        self.load_operation(context, Action::ViewApplication, id)
            .await
    }

    /// Its events after number `after`.
    pub async fn operation_events(
        &self,
        context: &Context,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, Error> {
        self.operation(context, id).await?;
        Ok(self.parts.store.events(id, after, limit).await?)
    }

    /// Says when the operation may have changed; made before the first look.
    pub fn follow_operation(&self, id: OperationId) -> Subscription {
        self.runner.subscribe(id)
    }

    /// Waits until it has ended or needs attention, at most this long.
    pub async fn wait_for_operation(
        &self,
        context: &Context,
        id: OperationId,
        limit: Duration,
    ) -> Result<Operation, Error> {
        self.operation(context, id).await?;
        Ok(self.runner.wait(id, limit).await?)
    }

    /// Asks it to stop before its pivot.
    pub async fn cancel_operation(
        &self,
        context: &Context,
        id: OperationId,
    ) -> Result<Operation, Error> {
        self.load_operation(context, Action::CancelOperation, id)
            .await?;
        let told = self.runner.cancel(id, &context.email).await?;
        self.told(context, "operation.cancel", told, "").await
    }

    /// One more try of one that needs attention.
    pub async fn retry_operation(
        &self,
        context: &Context,
        id: OperationId,
    ) -> Result<Operation, Error> {
        self.load_operation(context, Action::CancelOperation, id)
            .await?;
        let told = self.runner.retry(id, &context.email).await?;
        self.told(context, "operation.retry", told, "").await
    }

    /// Declares its failing step as dealt with by hand.
    pub async fn skip_step(
        &self,
        context: &Context,
        id: OperationId,
        step: &str,
        reason: &str,
    ) -> Result<Operation, Error> {
        self.load_operation(context, Action::RepairOperation, id)
            .await?;
        let reason = checked_reason(reason)?;
        let told = self.runner.skip(id, step, &context.email, reason).await?;
        let detail = format!("{step}: {reason}");
        self.told(context, "operation.skip", told, &detail).await
    }

    /// Gives it up.
    pub async fn abandon_operation(
        &self,
        context: &Context,
        id: OperationId,
        reason: &str,
    ) -> Result<Operation, Error> {
        self.load_operation(context, Action::RepairOperation, id)
            .await?;
        let reason = checked_reason(reason)?;
        let told = self.runner.abandon(id, &context.email, reason).await?;
        self.told(context, "operation.abandon", told, reason).await
    }

    /// Records that the operation was told something. Its own events have that already, so that a crash in
    /// between leaves nothing unknown.
    async fn told(
        &self,
        context: &Context,
        action: &str,
        operation: Operation,
        detail: &str,
    ) -> Result<Operation, Error> {
        let subject = format!("{} {}", operation.kind, operation.id);
        let entry = AuditEntry {
            organisation: operation.tenant.parse().ok(),
            application: self.parts.application_of(&operation.subject).await?,
            outcome: AuditOutcome::Begun,
            ..self.audit_entry(context, action, subject, detail)
        };
        self.parts.store.commit(vec![Change::Audit(entry)]).await?;
        Ok(operation)
    }
}

fn checked_reason(reason: &str) -> Result<&str, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 {
        return Err(Error::invalid(
            "reason",
            "a reason of 1 to 1000 characters is needed; it is kept in the record",
        ));
    }
    Ok(reason)
}
