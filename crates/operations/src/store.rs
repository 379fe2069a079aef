//! The contract that a store of operations fulfils. A conformance suite for it is in `windlass-records`.

use async_trait::async_trait;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;

use crate::event::{Event, EventRecord};
use crate::operation::{NewOperation, Operation};

/// Who writes: the runner that holds the lease, or someone from outside (a user's cancel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// The runner; the write is refused when the operation's epoch is another.
    Epoch(i64),
    /// A user or operator; only events that need no lease (cancel, retry, skip, abandon).
    Outside,
}

/// What creating an operation gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It is new.
    New(Operation),
    /// The same `Idempotency-Key` with the same request has created this one before; nothing was written.
    Existing(Operation),
}

impl Created {
    /// The operation, new or not.
    pub fn operation(self) -> Operation {
        match self {
            Self::New(operation) | Self::Existing(operation) => operation,
        }
    }
}

/// Why a store did not do as told. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The writer's lease is lost: another runner, or a newer start of this one, owns the operation.
    #[error("the lease of operation {0} is lost")]
    LostLease(OperationId),
    /// Another operation on the same subject is active.
    #[error(
        "operation {active} is at work on the same {subject}; wait for it to end, or cancel it"
    )]
    SubjectBusy {
        /// The active operation.
        active: OperationId,
        /// The kind of the subject.
        subject: String,
    },
    /// The `Idempotency-Key` was used before with another request.
    #[error("this Idempotency-Key was used with another request; use a new key")]
    IdempotencyMismatch,
    /// The event does not apply in the operation's state.
    #[error("{0}")]
    Refused(String),
    /// A row was not in the state that a change expects: someone else changed it first.
    #[error("{0}")]
    Conflict(String),
    /// There is no such operation or row.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The store failed: disk full, damaged, unreachable.
    #[error("the store failed: {message}")]
    Unavailable {
        /// What failed and why.
        message: String,
        /// Whether trying again may help.
        transient: bool,
    },
}

/// A store of operations. `Change` is a change of domain rows that is committed with an event.
///
/// Contract: each method is one transaction; a method that returns an error has written nothing, except
/// that an `Unavailable` at commit may have been written (callers load again before they decide).
#[async_trait]
pub trait OperationStore: Send + Sync + 'static {
    /// A change of domain rows, guarded by what it expects of them.
    type Change: Clone + Send + Sync + 'static;

    /// Writes the operation, its steps and the changes. Refuses a busy subject with the active operation.
    async fn create(
        &self,
        new: NewOperation,
        changes: Vec<Self::Change>,
    ) -> Result<Created, StoreError>;

    /// Claims the operation that has been due longest and whose lease, if any, has ended: sets the owner,
    /// raises the epoch, and sets the lease's end to `now + lease_millis`. `None` when nothing is due.
    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_millis: i64,
    ) -> Result<Option<Operation>, StoreError>;

    /// Ends every lease and raises every epoch, at the start of the only server of this store, so that
    /// what an earlier process left is due at once.
    async fn take_over(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Prolongs a lease.
    async fn heartbeat(
        &self,
        id: OperationId,
        epoch: i64,
        lease_until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Loads the operation, applies the events in their order (`core::apply`), writes operation, steps,
    /// events and changes, fenced: all of them or none. Gives the operation as it is then. Ends the lease
    /// when the operation waits or has finished.
    async fn record_all(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        events: &[Event],
        changes: &[Self::Change],
    ) -> Result<Operation, StoreError>;

    /// The same for one event.
    async fn record(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        event: &Event,
        changes: &[Self::Change],
    ) -> Result<Operation, StoreError> {
        self.record_all(id, fence, at, std::slice::from_ref(event), changes)
            .await
    }

    /// Gives the lease back without an event, so that another may claim at once (an orderly stop).
    async fn release_lease(&self, id: OperationId, epoch: i64) -> Result<(), StoreError>;

    /// The operation.
    async fn load(&self, id: OperationId) -> Result<Option<Operation>, StoreError>;

    /// Events with a number above `after`, at most `limit`, in order.
    async fn events(
        &self,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError>;

    /// When the next operation becomes due; `None` when none is active.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
}
