//! Calls for one instance follow one another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use crate::step::Step;

/// An earlier call for the same instance may be deleting all that it has.
const TURN: Step = Step::new("waiting for an earlier call for the same instance", 180);

/// The turn of one call for an instance; over when the last copy is dropped. The server has no lock that
/// a client could hold, and may still be at work on a request whose client has gone, or stop in the middle
/// of it. So each request that changes something has a copy: a call that is dropped leaves the turn to the
/// request that is under way, and the next call begins when that has had its answer.
pub(crate) type Turn = Arc<OwnedMutexGuard<()>>;

/// The turns of all instances.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<InstanceId, Weak<Lock<()>>>>);

impl Turns {
    /// Waits for the instance's turn.
    pub(crate) async fn take(&self, access: &Access, instance: InstanceId) -> Result<Turn, Error> {
        let lock = self.lock(instance);
        match tokio::time::timeout(TURN.within, lock.lock_owned()).await {
            Ok(guard) => Ok(Arc::new(guard)),
            Err(_) => Err(Error::Unreachable {
                cluster: access.description.clone(),
                reason: format!(
                    "an earlier call for the same instance is still at work after {:?}",
                    TURN.within
                ),
            }),
        }
    }

    fn lock(&self, instance: InstanceId) -> Arc<Lock<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&instance).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(Lock::new(()));
        locks.insert(instance, Arc::downgrade(&lock));
        lock
    }
}
