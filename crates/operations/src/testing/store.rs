//! A store with hooks before and after each record of a runner.

use std::sync::Arc;

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;

use super::fault::{Action, Hook, Mark};
use super::injector::Injector;
use crate::event::{Event, EventRecord};
use crate::operation::{NewOperation, Operation};
use crate::store::{Created, Fence, OperationStore, StoreError};

/// Passes everything on to a store; the injector may step in at each record.
pub struct HookedStore<C> {
    pub(super) inner: Arc<dyn OperationStore<Change = C>>,
    pub(super) injector: Arc<Injector<C>>,
}

#[async_trait]
impl<C: Clone + Send + Sync + 'static> OperationStore for HookedStore<C> {
    type Change = C;

    async fn create(&self, new: NewOperation, changes: Vec<C>) -> Result<Created, StoreError> {
        self.inner.create(new, changes).await
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_millis: i64,
    ) -> Result<Option<Operation>, StoreError> {
        self.inner.claim(owner, now, lease_millis).await
    }

    async fn take_over(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.take_over(now).await
    }

    async fn heartbeat(
        &self,
        id: OperationId,
        epoch: i64,
        lease_until: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.heartbeat(id, epoch, lease_until).await
    }

    async fn record_all(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        events: &[Event],
        changes: &[C],
    ) -> Result<Operation, StoreError> {
        // One write is one hook, however many events it holds.
        let Some(mark) = events.iter().find_map(Mark::of) else {
            return self.inner.record_all(id, fence, at, events, changes).await;
        };
        let away = || StoreError::Unavailable {
            message: "the harness took the store away".to_owned(),
            transient: true,
        };
        if self.injector.visit(Hook::BeforeRecord(mark.clone())).await == Some(Action::StoreAway) {
            return Err(away());
        }
        let recorded = self
            .inner
            .record_all(id, fence, at, events, changes)
            .await?;
        if self.injector.visit(Hook::AfterRecord(mark)).await == Some(Action::StoreAway) {
            return Err(away());
        }
        Ok(recorded)
    }

    async fn release_lease(&self, id: OperationId, epoch: i64) -> Result<(), StoreError> {
        self.inner.release_lease(id, epoch).await
    }

    async fn load(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        self.inner.load(id).await
    }

    async fn events(
        &self,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.inner.events(id, after, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due().await
    }
}
