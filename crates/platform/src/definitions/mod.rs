//! The kinds of operations.

mod audited;
pub(crate) mod clean_up;
pub(crate) mod deployment;
pub(crate) mod provisioning;
pub(crate) mod removal;
pub(crate) mod teardown;
pub(crate) mod visibility;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use windlass_operations::{Definition, Failure, StepContext};
use windlass_records::Change;

use crate::failures;
use crate::parts::Parts;

/// Every definition, for the runner.
pub(crate) fn all(parts: &Arc<Parts>) -> Vec<Arc<dyn Definition<Change>>> {
    vec![
        audited(parts, deployment::DeploymentDefinition::new(parts.clone())),
        audited(
            parts,
            provisioning::ProvisioningDefinition::new(parts.clone()),
        ),
        audited(parts, removal::RemovalDefinition::new(parts.clone())),
        audited(parts, teardown::TeardownDefinition::new(parts.clone())),
        audited(parts, visibility::VisibilityDefinition::new(parts.clone())),
        Arc::new(clean_up::CleanUpDefinition::new(parts.clone())),
    ]
}

/// One whose end people ask for. Housekeeping is nobody's doing.
fn audited(parts: &Arc<Parts>, definition: impl Definition<Change>) -> Arc<dyn Definition<Change>> {
    Arc::new(audited::Audited::new(parts, definition))
}

/// Reads what an operation or a step keeps as JSON.
pub(crate) fn read<T: DeserializeOwned>(what: &str, value: &Value) -> Result<T, Failure> {
    serde_json::from_value(value.clone())
        .map_err(|error| failures::internal(format!("{what} cannot be read: {error}")))
}

/// Keeps something as JSON.
pub(crate) fn write<T: Serialize>(what: &str, value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value)
        .map_err(|error| failures::internal(format!("{what} cannot be kept: {error}")))
}

/// Does the work of a step until it is done or its token fires; what it did until then is unknown. The
/// contracts' futures may be dropped at any point.
pub(crate) async fn until_cancelled<T>(
    context: &StepContext,
    work: impl Future<Output = Result<T, Failure>> + Send,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = work => done,
        () = context.cancel.cancelled() => {
            Err(Failure::transient("cancelled", format!("step '{}' was stopped before it was done", context.step)))
        }
    }
}

/// The parts of a step name with an argument: `provision:<id>`.
pub(crate) fn split(step: &str) -> (&str, Option<&str>) {
    step.split_once(':')
        .map_or((step, None), |(name, argument)| (name, Some(argument)))
}

/// The id in a step name's argument.
pub(crate) fn argument<T: std::str::FromStr>(step: &str) -> Result<T, Failure> {
    split(step)
        .1
        .and_then(|argument| argument.parse().ok())
        .ok_or_else(|| failures::internal(format!("step '{step}' has no usable argument")))
}

/// A step that no definition of this version knows.
pub(crate) fn unknown_step(step: &str) -> Failure {
    failures::internal(format!("step '{step}' is not known"))
}
