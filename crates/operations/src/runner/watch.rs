//! Waiting for an operation to change.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use windlass_model::id::OperationId;

use super::Runner;
use crate::operation::{Operation, OperationState};
use crate::store::StoreError;

/// Says when an operation may have changed. To be made before the first look at the operation.
pub struct Subscription {
    id: OperationId,
    changes: broadcast::Receiver<OperationId>,
    poll: Duration,
}

impl Subscription {
    /// Returns when the operation, or its events, may have changed: at once for what is written through
    /// this runner, at the next poll for what another server wrote.
    ///
    /// # Cancel safety
    /// Dropping it loses no change: the next call, or the poll, comes back for it.
    pub async fn changed(&mut self) {
        let mine = async {
            loop {
                match self.changes.recv().await {
                    Ok(id) if id == self.id => return,
                    Ok(_) => {}
                    // Too slow to know what changed: look.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(self.poll, mine).await;
    }
}

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    /// Follows the changes of an operation.
    pub fn subscribe(&self, id: OperationId) -> Subscription {
        Subscription {
            id,
            changes: self.inner.changed.subscribe(),
            poll: self.inner.settings.poll,
        }
    }

    /// Waits until the operation has ended or needs attention, at most this long, and gives it as it is then.
    pub async fn wait(&self, id: OperationId, limit: Duration) -> Result<Operation, StoreError> {
        let rests = |operation: &Operation| {
            operation.state.is_finished() || operation.state == OperationState::NeedsAttention
        };
        self.wait_until(id, limit, rests).await
    }

    /// Waits until the operation is as wanted, at most this long, and gives it as it is then.
    pub async fn wait_until(
        &self,
        id: OperationId,
        limit: Duration,
        wanted: impl Fn(&Operation) -> bool + Send,
    ) -> Result<Operation, StoreError> {
        let deadline = Instant::now() + limit;
        let mut subscription = self.subscribe(id);
        loop {
            let loaded = self.inner.store.load(id).await?;
            let operation =
                loaded.ok_or_else(|| StoreError::NotFound(format!("operation {id}")))?;
            if wanted(&operation) || Instant::now() >= deadline {
                return Ok(operation);
            }
            let _ = tokio::time::timeout_at(deadline, subscription.changed()).await;
        }
    }
}
