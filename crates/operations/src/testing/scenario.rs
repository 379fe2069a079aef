//! What the harness is given.

use std::sync::Arc;

use async_trait::async_trait;

use crate::definition::Definition;
use crate::runner::Submission;
use crate::store::OperationStore;

/// A fresh world with one operation that is about to be created in it.
pub struct Stage<C, W> {
    /// The store; a real one or [`crate::memory::MemoryStore`].
    pub store: Arc<dyn OperationStore<Change = C>>,
    /// The definition under test.
    pub definition: Arc<dyn Definition<C>>,
    /// The operation.
    pub submission: Submission,
    /// What is committed with its creation.
    pub changes: Vec<C>,
    /// What the two assertions look at.
    pub world: W,
}

/// A definition under test, and what its two ends look like.
#[async_trait]
pub trait Scenario<C>: Send + Sync {
    /// What the assertions look at.
    type World: Send + Sync;

    /// Builds everything anew; called for each play.
    async fn stage(&self) -> Result<Stage<C, Self::World>, String>;

    /// The operation has succeeded: everything it promises is there, once.
    async fn assert_success(&self, world: &Self::World) -> Result<(), String>;

    /// The operation was rolled back: nothing of it is left.
    async fn assert_clean(&self, world: &Self::World) -> Result<(), String>;
}
