//! What users and operators ask of an operation: cancel, retry, skip, abandon.

use tracing::{info, warn};
use windlass_model::id::OperationId;

use super::{Runner, call};
use crate::event::Event;
use crate::failure::Failure;
use crate::operation::{Operation, OperationState};
use crate::store::{Fence, StoreError};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The store refused or failed; `StoreError::Refused` has the reason for the user.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The definition could not say what is to be written.
    #[error("operation {id} cannot be abandoned yet")]
    Definition {
        /// The operation.
        id: OperationId,
        /// What the definition said.
        #[source]
        failure: Failure,
    },
}

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    /// Asks the operation to stop and go back. Its running step is told at once; a cancel of what goes
    /// back already is fine. Refused when the operation has ended or is past its pivot. While the outcome
    /// of the pivot is unknown the wish is noted, and heeded only if the pivot turns out not to have happened.
    pub async fn cancel(&self, id: OperationId, by: &str) -> Result<Operation, CommandError> {
        match self
            .command(id, &Event::CancelRequested { by: by.to_owned() }, &[])
            .await
        {
            Ok(operation) => {
                // While the pivot is running it is not told: it has to be finished anyway.
                if operation.state == OperationState::Compensating {
                    self.inner.held.fire(id);
                }
                Ok(operation)
            }
            Err(StoreError::Refused(message)) => match self.inner.store.load(id).await? {
                Some(operation) if operation.state == OperationState::Compensating => Ok(operation),
                _ => Err(StoreError::Refused(message).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Lets an operation that needs attention go on where it stopped, with a fresh budget of attempts.
    pub async fn retry(&self, id: OperationId, by: &str) -> Result<Operation, CommandError> {
        Ok(self
            .command(id, &Event::RetryRequested { by: by.to_owned() }, &[])
            .await?)
    }

    /// Declares the step at which the operation stopped as dealt with by hand, and lets it go on.
    pub async fn skip(
        &self,
        id: OperationId,
        step: &str,
        by: &str,
        reason: &str,
    ) -> Result<Operation, CommandError> {
        let event = Event::StepSkipped {
            step: step.to_owned(),
            by: by.to_owned(),
            reason: reason.to_owned(),
        };
        Ok(self.command(id, &event, &[]).await?)
    }

    /// Gives the operation up, with what its definition wants written about that. What may be left over is
    /// in its record.
    pub async fn abandon(
        &self,
        id: OperationId,
        by: &str,
        reason: &str,
    ) -> Result<Operation, CommandError> {
        let inner = &self.inner;
        let operation = inner
            .store
            .load(id)
            .await?
            .ok_or_else(|| StoreError::NotFound(format!("operation {id}")))?;
        let exact = inner.definition(&operation.kind, operation.kind_version);
        let changes = match exact.or_else(|| inner.newest(&operation.kind)) {
            // Asked only when it will be allowed; the store checks again.
            Some(definition) if operation.state == OperationState::NeedsAttention => call::abandon(
                definition.as_ref(),
                &operation,
                inner.settings.finish_timeout,
            )
            .await
            .map_err(|failure| CommandError::Definition { id, failure })?,
            Some(_) => Vec::new(),
            None => {
                warn!(op.id = %id, op.kind = %operation.kind, "abandoned without its definition: no row is changed");
                Vec::new()
            }
        };
        let event = Event::Abandoned {
            by: by.to_owned(),
            reason: reason.to_owned(),
        };
        Ok(self.command(id, &event, &changes).await?)
    }

    async fn command(
        &self,
        id: OperationId,
        event: &Event,
        changes: &[C],
    ) -> Result<Operation, StoreError> {
        let operation = self
            .inner
            .record(id, Fence::Outside, std::slice::from_ref(event), changes)
            .await?;
        info!(op.id = %id, ?event, "asked for");
        self.wake();
        Ok(operation)
    }
}
