//! The runner: a thin shell that claims operations, asks the core, calls the steps and records what came.
//!
//! It holds no rule of its own about what an operation may do. Everything it does survives being dropped
//! at any point: the next claim loads and decides.

mod call;
mod commands;
mod drive;
mod held;
mod lease;
mod persist;
mod pool;
mod progress;
mod settings;
mod step;
mod submit;
mod watch;

use std::sync::Arc;

use tokio::sync::{Notify, broadcast};
use windlass_model::id::OperationId;

pub use commands::CommandError;
pub use settings::RunnerSettings;
pub use submit::{Submission, SubmitError};
pub use watch::Subscription;

use crate::clock::Clock;
use crate::definition::Definition;
use crate::event::Event;
use crate::operation::Operation;
use crate::store::{Fence, OperationStore, StoreError};

/// How many changes a slow subscriber may be behind before it is told just "something changed".
const CHANGES_KEPT: usize = 1024;

/// Drives operations. A cheap handle: clones share everything.
///
/// [`Runner::run`] is to be called once per handle family; the other methods work with or without it.
pub struct Runner<C> {
    inner: Arc<Inner<C>>,
}

impl<C> Clone for Runner<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

struct Inner<C> {
    store: Arc<dyn OperationStore<Change = C>>,
    definitions: Vec<Arc<dyn Definition<C>>>,
    clock: Arc<dyn Clock>,
    settings: RunnerSettings,
    /// Something may be due.
    wake: Notify,
    /// This operation has changed.
    changed: broadcast::Sender<OperationId>,
    /// What this runner drives just now.
    held: held::Held,
}

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    /// A runner that has not begun. Several versions of one kind may be given: operations are run by the
    /// version that created them, new ones are created with the highest.
    pub fn new(
        store: Arc<dyn OperationStore<Change = C>>,
        definitions: Vec<Arc<dyn Definition<C>>>,
        clock: Arc<dyn Clock>,
        settings: RunnerSettings,
    ) -> Self {
        let (changed, _) = broadcast::channel(CHANGES_KEPT);
        let inner = Inner {
            store,
            definitions,
            clock,
            settings,
            wake: Notify::new(),
            changed,
            held: held::Held::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Looks for due operations at once, instead of at the next poll.
    pub fn wake(&self) {
        // Keeps a permit when nobody waits, so a wake between a query and the wait is not lost.
        self.inner.wake.notify_one();
    }
}

impl<C: Clone + Send + Sync + 'static> Inner<C> {
    /// The definition that wrote the step list of this operation.
    fn definition(&self, kind: &str, version: u32) -> Option<&Arc<dyn Definition<C>>> {
        self.definitions
            .iter()
            .find(|definition| definition.kind() == kind && definition.version() == version)
    }

    /// The definition with which new operations of this kind are created.
    fn newest(&self, kind: &str) -> Option<&Arc<dyn Definition<C>>> {
        self.definitions
            .iter()
            .filter(|d| d.kind() == kind)
            .max_by_key(|d| d.version())
    }

    /// One write, and word of it to those who follow.
    async fn record(
        &self,
        id: OperationId,
        fence: Fence,
        events: &[Event],
        changes: &[C],
    ) -> Result<Operation, StoreError> {
        let recorded = self
            .store
            .record_all(id, fence, self.clock.now(), events, changes)
            .await?;
        self.tell(id);
        Ok(recorded)
    }

    fn tell(&self, id: OperationId) {
        // Nobody listening is fine.
        let _ = self.changed.send(id);
    }
}
