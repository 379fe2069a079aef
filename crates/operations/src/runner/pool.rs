//! Claiming: fills the slots of a runner with due operations, and empties them when the server stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Inner, Runner, drive};

/// How long giving a lease back may take at a stop. Without it the lease just runs out.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    /// Claims and drives operations until `stop` fires; then the tokens of running steps fire, they are
    /// waited for up to the deadline, and every lease is given back. The only server of a store calls
    /// [`crate::OperationStore::take_over`] before, so that it need not wait for the leases of the one before.
    ///
    /// The operations are driven in tasks that this future owns: dropping it ends them like a crash does.
    pub async fn run(&self, stop: CancellationToken) {
        let inner = &self.inner;
        let mut drives = JoinSet::new();
        loop {
            let woken = inner.wake.notified();
            tokio::pin!(woken);
            // Registered before the query, so that what is created after it is not slept over.
            woken.as_mut().enable();
            claim_due(inner, &mut drives, &stop).await;
            let pause = pause(inner).await;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = drives.join_next(), if !drives.is_empty() => log_end(&ended),
                () = &mut woken => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        drain(inner, drives).await;
    }
}

async fn claim_due<C: Clone + Send + Sync + 'static>(
    inner: &Arc<Inner<C>>,
    drives: &mut JoinSet<()>,
    stop: &CancellationToken,
) {
    let settings = &inner.settings;
    while drives.len() < settings.concurrency && !stop.is_cancelled() {
        // The lease counts from before the call: the answer may be late.
        let asked = Instant::now();
        match inner
            .store
            .claim(&settings.owner, inner.clock.now(), settings.lease_millis())
            .await
        {
            Ok(Some(operation)) => {
                drives.spawn(drive::hold(
                    Arc::clone(inner),
                    operation,
                    asked,
                    stop.clone(),
                ));
            }
            Ok(None) => break,
            Err(error) => {
                warn!(%error, "cannot claim operations; trying again at the next poll");
                break;
            }
        }
    }
}

/// How long to wait when nobody wakes us.
async fn pause<C: Clone + Send + Sync + 'static>(inner: &Inner<C>) -> Duration {
    let poll = inner.settings.poll;
    match inner.store.next_due().await {
        Ok(Some(due)) => {
            // What is due already and was not claimed is held by someone: the poll is soon enough.
            let millis = due.0.saturating_sub(inner.clock.now().0);
            u64::try_from(millis)
                .ok()
                .filter(|millis| *millis > 0)
                .map_or(poll, |m| poll.min(Duration::from_millis(m)))
        }
        Ok(None) => poll,
        Err(error) => {
            warn!(%error, "cannot ask when the next operation is due");
            poll
        }
    }
}

async fn drain<C: Clone + Send + Sync + 'static>(inner: &Inner<C>, mut drives: JoinSet<()>) {
    let all_ended = async {
        while let Some(ended) = drives.join_next().await {
            log_end(&ended);
        }
    };
    if tokio::time::timeout(inner.settings.stop_deadline, all_ended)
        .await
        .is_ok()
    {
        return;
    }
    let left = inner.held.all();
    info!(
        count = left.len(),
        "steps that did not return in time are dropped; the next start resumes them"
    );
    drives.shutdown().await;
    for (id, epoch) in left {
        match tokio::time::timeout(RELEASE_TIMEOUT, inner.store.release_lease(id, epoch)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                warn!(op.id = %id, %error, "cannot give the lease back; it runs out by itself");
            }
            Err(_) => {
                warn!(op.id = %id, "giving the lease back took too long; it runs out by itself");
            }
        }
    }
}

fn log_end(ended: &Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        // A step's panic is caught where it is called; this is a mistake of the runner itself.
        error!(%error, "the driving of an operation broke off; its lease runs out and it is claimed again");
    }
}
