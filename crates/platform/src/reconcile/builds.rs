//! The containers in which the engine runs the steps of a build.
//!
//! The engine removes them itself; one stays when the server, or the engine, died in the middle.

use windlass_engine::labels;
use windlass_model::id::{EnvironmentId, RegionId};
use windlass_operations::Failure;

use super::is_deploying;
use crate::parts::Parts;
use crate::{failures, naming};

/// Removes the containers of builds that nobody waits for any more.
pub(super) async fn sweep(parts: &Parts, region: RegionId) -> Result<(), Failure> {
    let filter = naming::installation_labels(&parts.installation).with(labels::ROLE, "image");
    let engine = parts.engine(region)?;
    // Before the look at the deployments: what is begun after it is not among them.
    let observed = engine
        .observe(&filter)
        .await
        .map_err(|error| failures::engine(&error))?;
    for seen in observed {
        // Without one it is of an image that several may build upon.
        let environment: Option<EnvironmentId> = seen
            .labels
            .value(labels::ENVIRONMENT)
            .and_then(|id| id.parse().ok());
        if is_deploying(parts, environment).await? {
            continue;
        }
        tracing::info!(container = seen.name, "removing what a build left");
        engine
            .remove(&seen.name)
            .await
            .map_err(|error| failures::engine(&error))?;
    }
    Ok(())
}
