//! What a runner drives just now, so that a cancel finds the running step.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use windlass_model::id::OperationId;

/// The operations that one runner holds.
#[derive(Default)]
pub(super) struct Held {
    entries: Mutex<HashMap<OperationId, Entry>>,
}

struct Entry {
    epoch: i64,
    /// The token of the running forward step; an undo is never cancelled by a user.
    step: Option<CancellationToken>,
}

/// Takes the operation out when its driving ends, however it ends.
pub(super) struct Hold<'a> {
    held: &'a Held,
    id: OperationId,
    epoch: i64,
}

impl Held {
    pub(super) fn hold(&self, id: OperationId, epoch: i64) -> Hold<'_> {
        self.lock().insert(id, Entry { epoch, step: None });
        Hold {
            held: self,
            id,
            epoch,
        }
    }

    /// Fires the token of the operation's running forward step, if there is one here.
    pub(super) fn fire(&self, id: OperationId) {
        if let Some(step) = self.lock().get(&id).and_then(|entry| entry.step.as_ref()) {
            step.cancel();
        }
    }

    /// Everything held, with the epochs.
    pub(super) fn all(&self) -> Vec<(OperationId, i64)> {
        self.lock()
            .iter()
            .map(|(id, entry)| (*id, entry.epoch))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OperationId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold<'_> {
    /// Names the token that a cancel fires. To be done before the step's start is recorded: a cancel
    /// right after that record must find it.
    pub(super) fn arm(&self, token: Option<CancellationToken>) {
        if let Some(entry) = self.held.lock().get_mut(&self.id)
            && entry.epoch == self.epoch
        {
            entry.step = token;
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut entries = self.held.lock();
        // A newer claim by the same runner may have taken the place.
        if entries
            .get(&self.id)
            .is_some_and(|entry| entry.epoch == self.epoch)
        {
            entries.remove(&self.id);
        }
    }
}
