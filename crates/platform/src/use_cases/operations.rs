//! Operations: read, followed, cancelled, and what an operator does with one that is stuck.

use std::time::Duration;

use windlass_model::id::OperationId;
use windlass_operations::runner::{CommandError, Subscription};
use windlass_operations::{EventRecord, Operation, OperationState};
use windlass_records::{OperationFilter, Page, PageRequest};

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
        let filter = OperationFilter {
            tenant: Some(context.organisation.to_string()),
            states,
            subject: None,
        };
        Ok(self.parts.store.operations(&filter, page).await?)
    }

    /// An operation.
    pub async fn operation(&self, context: &Context, id: OperationId) -> Result<Operation, Error> {
        match self.parts.store.load(id).await? {
            Some(operation) if operation.tenant == context.organisation.to_string() => {
                Ok(operation)
            }
            _ => Err(Error::not_found("operation", id)),
        }
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
        self.operation(context, id).await?;
        Ok(self.runner.cancel(id, &context.email).await?)
    }

    /// One more try of one that needs attention.
    pub async fn retry_operation(
        &self,
        context: &Context,
        id: OperationId,
    ) -> Result<Operation, Error> {
        self.operation(context, id).await?;
        Ok(self.runner.retry(id, &context.email).await?)
    }

    /// Declares its failing step as dealt with by hand.
    pub async fn skip_step(
        &self,
        context: &Context,
        id: OperationId,
        step: &str,
        reason: &str,
    ) -> Result<Operation, Error> {
        self.operation(context, id).await?;
        Ok(self
            .runner
            .skip(id, step, &context.email, checked_reason(reason)?)
            .await?)
    }

    /// Gives it up.
    pub async fn abandon_operation(
        &self,
        context: &Context,
        id: OperationId,
        reason: &str,
    ) -> Result<Operation, Error> {
        self.operation(context, id).await?;
        Ok(self
            .runner
            .abandon(id, &context.email, checked_reason(reason)?)
            .await?)
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
