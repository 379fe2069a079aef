//! Locks between operations and reconcilers of this server: what one takes away the other must not bring
//! back in the same moment. Operations themselves are kept apart by the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;
use windlass_model::id::Id;

/// One lock per object, made when it is first needed and forgotten when nobody holds or awaits it.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Mutex<HashMap<Uuid, Arc<AsyncMutex<()>>>>,
}

impl Locks {
    /// Takes the lock of an environment or a cluster.
    pub(crate) async fn lock(&self, id: impl Id) -> OwnedMutexGuard<()> {
        let lock = {
            // A poisoned map is whole all the same: each change of it is one call.
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.retain(|_, lock| Arc::strong_count(lock) > 1);
            held.entry(id.uuid()).or_default().clone()
        };
        lock.lock_owned().await
    }
}
