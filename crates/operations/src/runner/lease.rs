//! Keeping a lease, and noticing that it is lost.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Inner;
use crate::operation::{Operation, OperationState};
use crate::store::StoreError;

/// Prolongs the lease for as long as it can, and returns when it is lost or may soon be. By then `work`
/// has fired.
///
/// Also looks whether the operation was cancelled through another server, and if so fires its step.
pub(super) async fn keep<C: Clone + Send + Sync + 'static>(
    inner: &Inner<C>,
    operation: &Operation,
    asked: Instant,
    work: &CancellationToken,
) {
    let settings = &inner.settings;
    let mut last_good = asked;
    loop {
        let give_up = last_good + settings.stop_before_expiry;
        let beat = async {
            tokio::time::sleep(settings.heartbeat).await;
            let begun = Instant::now();
            let until = inner.clock.now().plus_millis(settings.lease_millis());
            (
                begun,
                inner
                    .store
                    .heartbeat(operation.id, operation.epoch, until)
                    .await,
            )
        };
        match tokio::time::timeout_at(give_up, beat).await {
            Ok((begun, Ok(()))) => {
                last_good = begun;
                look_for_cancel(inner, operation).await;
            }
            Ok((_, Err(StoreError::LostLease(_) | StoreError::NotFound(_)))) => break,
            Ok((_, Err(error))) => warn!(%error, "cannot prolong the lease"),
            Err(_) => {
                warn!("no heartbeat got through; the work is dropped before the lease ends");
                break;
            }
        }
    }
    work.cancel();
}

async fn look_for_cancel<C: Clone + Send + Sync + 'static>(
    inner: &Inner<C>,
    operation: &Operation,
) {
    let timeout = inner.settings.heartbeat;
    if let Ok(Ok(Some(now))) = tokio::time::timeout(timeout, inner.store.load(operation.id)).await
        && now.state == OperationState::Compensating
    {
        inner.held.fire(operation.id);
    }
}
