//! What must stay true: clusters of ours run, the containers of running releases run, the router has the
//! table. No input, idempotent, on a timer and on signals of the engine; never destroys data. Each region is
//! looked after by itself, so that one whose engine is away or slow costs the others nothing.

mod builds;
mod clusters;
mod processes;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use windlass_model::id::{EnvironmentId, RegionId};
use windlass_operations::Failure;
use windlass_records::{DeploymentFilter, PageRequest};

use crate::parts::Parts;
use crate::{failures, naming};

/// Between two passes without a signal: the bound on how long a drift that no signal tells of stays.
const INTERVAL: Duration = Duration::from_secs(15);
/// After a signal others follow; one pass serves them all.
const SETTLE: Duration = Duration::from_millis(100);
/// The first passes come soon, for after a start of the machine everything comes up in some order.
const FIRST_INTERVAL: Duration = Duration::from_secs(2);

/// Runs passes over a region until it is cancelled.
pub(crate) async fn run(parts: Arc<Parts>, region: RegionId, cancel: CancellationToken) {
    loop {
        let signals = tokio::select! {
            () = cancel.cancelled() => return,
            signals = signals(&parts, region) => signals,
        };
        let mut signals = signals.unwrap_or_else(|failure| {
            tracing::warn!(
                failure.code,
                failure.message,
                "the engine's events cannot be followed"
            );
            futures::stream::pending().boxed()
        });
        // Events may have been missed while nobody watched.
        let Some(mut failed) = cancel.run_until_cancelled(pass(&parts, region)).await else {
            return;
        };
        loop {
            let again = Instant::now() + if failed { FIRST_INTERVAL } else { INTERVAL };
            tokio::select! {
                () = cancel.cancelled() => return,
                signal = signals.next() => {
                    if signal.is_none() {
                        // The engine went away: follow it anew, after a pause that a restart needs.
                        tokio::time::sleep(FIRST_INTERVAL).await;
                        break;
                    }
                    tokio::time::sleep(SETTLE).await;
                }
                () = tokio::time::sleep_until(again) => {}
            }
            match cancel.run_until_cancelled(pass(&parts, region)).await {
                Some(outcome) => failed = outcome,
                None => return,
            }
            if failed {
                break;
            }
        }
        if failed {
            tokio::time::sleep(FIRST_INTERVAL).await;
        }
    }
}

/// A hint that something changed; what, is observed.
async fn signals(
    parts: &Parts,
    region: RegionId,
) -> Result<futures::stream::BoxStream<'static, ()>, Failure> {
    let filter = naming::installation_labels(&parts.installation);
    let engine = parts.engine(region)?;
    let events = engine
        .watch(&filter)
        .await
        .map_err(|error| failures::engine(&error))?;
    let changes = events
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| {
            let relevant = event
                .is_ok_and(|event| matches!(event.action.as_str(), "start" | "die" | "destroy"));
            std::future::ready(relevant.then_some(()))
        });
    Ok(changes.boxed())
}

/// One pass over a region; says whether something failed.
pub(crate) async fn pass(parts: &Parts, region: RegionId) -> bool {
    let mut failed = false;
    for (name, outcome) in [
        ("clusters", clusters::keep(parts, region).await),
        ("processes", processes::keep(parts, region).await),
        ("builds", builds::sweep(parts, region).await),
        ("routes", parts.publish_routes(region).await),
    ] {
        if let Err(failure) = outcome {
            failed = true;
            tracing::warn!(
                reconciler = name,
                region.id = %region,
                failure.code,
                failure.message,
                "a reconciler's pass failed"
            );
        }
    }
    failed
}

/// One object that cannot be repaired does not keep the others from it.
fn remember(first: &mut Option<Failure>, failure: Failure, what: &str, id: &str) {
    tracing::warn!(
        object = what,
        id,
        failure.code,
        failure.message,
        "it cannot be kept running"
    );
    first.get_or_insert(failure);
}

/// Whether a deployment of the environment, or of any, has not ended.
pub(crate) async fn is_deploying(
    parts: &Parts,
    environment: Option<EnvironmentId>,
) -> Result<bool, Failure> {
    let filter = DeploymentFilter {
        environment,
        unfinished: true,
        ..DeploymentFilter::default()
    };
    let page = PageRequest::first(1);
    let unfinished = parts
        .store
        .deployments(&filter, &page)
        .await
        .map_err(|error| failures::store(&error))?;
    Ok(unfinished.count > 0)
}
