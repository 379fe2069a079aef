//! Writing through a store that may be away for a moment, or may have written without saying so.

use std::time::Duration;

use tracing::warn;

use super::drive::Drive;
use crate::core::apply;
use crate::event::Event;
use crate::operation::Operation;
use crate::store::{Fence, StoreError};

/// The pauses between two tries, from here doubling up to there. The lease ends them.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl<C: Clone + Send + Sync + 'static> Drive<'_, C> {
    /// Writes events with their changes and gives the operation as it is then; none when an event was
    /// refused because the operation is in another state than we thought.
    ///
    /// When the store is away it is asked again until the lease is lost; before each new try the operation
    /// is loaded, because the write that gave no answer may have happened.
    pub(super) async fn persist(
        &self,
        operation: &Operation,
        events: &[Event],
        changes: &[C],
    ) -> Result<Option<Operation>, StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let fence = Fence::Epoch(operation.epoch);
            match self
                .inner
                .record(operation.id, fence, events, changes)
                .await
            {
                Ok(recorded) => return Ok(Some(recorded)),
                Err(StoreError::Refused(message)) => {
                    warn!(%message, "a write was refused; looking again");
                    return Ok(None);
                }
                Err(StoreError::Unavailable {
                    message,
                    transient: true,
                }) => {
                    warn!(%message, "the store is away; trying again");
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let loaded = self.load(operation).await?;
            if have_happened(operation, &loaded, events) {
                self.inner.tell(operation.id);
                return Ok(Some(loaded));
            }
        }
    }

    /// The operation as it is now, if it is still ours.
    pub(super) async fn load(&self, operation: &Operation) -> Result<Operation, StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.inner.store.load(operation.id).await {
                Ok(Some(loaded)) if loaded.epoch == operation.epoch => return Ok(loaded),
                Ok(Some(_) | None) => return Err(StoreError::LostLease(operation.id)),
                Err(StoreError::Unavailable {
                    message,
                    transient: true,
                }) => {
                    warn!(%message, "the store is away; trying again");
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether the events were written, judged by what the last of them changes: they are written together,
/// and nobody else writes steps or ends under this epoch.
fn have_happened(before: &Operation, loaded: &Operation, events: &[Event]) -> bool {
    let mut expected = before.clone();
    for event in events {
        match apply(&expected, loaded.updated_at, event) {
            Ok(next) => expected = next,
            Err(_) => return false,
        }
    }
    let Some(last) = events.last() else {
        return true;
    };
    let step_of = match last {
        Event::StepStarted { step }
        | Event::StepDone { step, .. }
        | Event::StepFailed { step, .. }
        | Event::UndoStarted { step }
        | Event::UndoDone { step }
        | Event::UndoFailed { step, .. } => Some(step),
        Event::AttentionNeeded { .. }
        | Event::Finished { .. }
        | Event::CancelRequested { .. }
        | Event::RetryRequested { .. }
        | Event::StepSkipped { .. }
        | Event::Abandoned { .. }
        | Event::Progress { .. } => None,
    };
    match step_of.map(|name| (before.step(name), expected.step(name), loaded.step(name))) {
        Some((Some(before), Some(expected), Some(loaded))) => {
            // A failed attempt leaves the step started, so the mark of its end counts as well.
            let marks = |step: &crate::operation::StepRecord| {
                (
                    step.state,
                    step.attempt,
                    step.undo_attempt,
                    step.finished_at.is_some(),
                )
            };
            marks(loaded) == marks(expected) && marks(loaded) != marks(before)
        }
        Some(_) => false,
        None => loaded.state == expected.state,
    }
}
