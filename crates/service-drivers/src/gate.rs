//! How many calls are at work on one cluster.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use windlass_model::id::ClusterId;
use windlass_services::{Access, Error};

use crate::step::Step;

/// Calls at work on one cluster at a time; each has one connection, or two for a moment. The rest wait
/// here and not on the server, whose connections belong to the applications.
const CALLS_AT_ONCE: usize = 2;
/// How long a call waits for its turn: several of the longest calls before it.
const TURN: Step = Step::new("waiting for earlier calls to the cluster", 180);

/// The turnstiles of all clusters of a driver.
#[derive(Debug)]
pub(crate) struct Gates {
    calls_at_once: usize,
    clusters: Mutex<HashMap<ClusterId, Arc<Semaphore>>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self::of(CALLS_AT_ONCE)
    }
}

impl Gates {
    /// Turnstiles that let in a call when the one before is out.
    pub(crate) fn one_by_one() -> Self {
        Self::of(1)
    }

    fn of(calls_at_once: usize) -> Self {
        let clusters = Mutex::default();
        Self {
            calls_at_once,
            clusters,
        }
    }

    /// Waits for a turn, which ends when the permit is dropped.
    pub(crate) async fn enter(&self, access: &Access) -> Result<OwnedSemaphorePermit, Error> {
        let gate = {
            let mut gates = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                gates
                    .entry(access.cluster)
                    .or_insert_with(|| Arc::new(Semaphore::new(self.calls_at_once))),
            )
        };
        match tokio::time::timeout(TURN.within, gate.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The gate is never closed, so that both mean: still not our turn.
            Ok(Err(_)) | Err(_) => Err(Error::Unreachable {
                cluster: access.description.clone(),
                reason: format!(
                    "{} earlier calls are still at work after {:?}",
                    self.calls_at_once, TURN.within
                ),
            }),
        }
    }
}
