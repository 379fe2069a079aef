//! The end of a deployment.

use windlass_operations::{Failure, Operation, Outcome};
use windlass_records::{BindingState, Change, DeploymentStatus};

use super::super::read;
use super::snapshot::Params;
use crate::failures;
use crate::instance_work::{Left, failed_step};
use crate::parts::Parts;

/// What to do about a failure that does not say it itself.
const NO_HINT: &str = "The running release is unchanged. The log of the deployment shows what happened last; mend it, and deploy again.";

/// The changes that are committed with the end.
pub(super) async fn finish(
    parts: &Parts,
    operation: &Operation,
    outcome: &Outcome,
) -> Result<Vec<Change>, Failure> {
    end(parts, operation, outcome, Left::Nothing).await
}

async fn end(
    parts: &Parts,
    operation: &Operation,
    outcome: &Outcome,
    left: Left,
) -> Result<Vec<Change>, Failure> {
    let params: Params = read("the snapshot", &operation.params)?;
    let mut changes = Vec::new();
    let (status, failure, line) = match outcome {
        Outcome::Succeeded => (
            DeploymentStatus::Completed,
            None,
            "----> The deployment succeeded".to_owned(),
        ),
        Outcome::RolledBack(None) => (
            DeploymentStatus::Cancelled,
            None,
            "----> The deployment was cancelled; nothing has changed".to_owned(),
        ),
        Outcome::RolledBack(Some(failure)) => (
            DeploymentStatus::Failed,
            Some(failure),
            format!(
                "----> The deployment failed; nothing has changed: {}",
                failure.message
            ),
        ),
    };
    if status != DeploymentStatus::Completed {
        for instance in params.to_provision() {
            changes.extend(
                parts
                    .provisioning_failed(instance, operation, failure, left)
                    .await?,
            );
        }
    }
    changes.push(Change::FinishDeployment {
        id: params.deployment,
        status,
        failed_step: failure.and_then(|_| failed_step(operation)),
        error: failure.map(|failure| failure.message.clone()),
        hint: failure.map(|failure| failure.hint.clone().unwrap_or_else(|| NO_HINT.to_owned())),
        at: parts.now(),
    });
    close_log(parts, &params, line).await;
    Ok(changes)
}

/// The changes that are committed when an operator gives it up.
pub(super) async fn abandon(parts: &Parts, operation: &Operation) -> Result<Vec<Change>, Failure> {
    let params: Params = read("the snapshot", &operation.params)?;
    let pivoted = operation.step("switch").is_some_and(|step| step.completed);
    if pivoted {
        close_log(
            parts,
            &params,
            "----> An operator gave up what follows the switch".to_owned(),
        )
        .await;
        return Ok(vec![Change::FinishDeployment {
            id: params.deployment,
            status: DeploymentStatus::Completed,
            failed_step: None,
            error: operation
                .error
                .as_ref()
                .map(|failure| failure.message.clone()),
            hint: None,
            at: parts.now(),
        }]);
    }
    let failure = operation
        .error
        .clone()
        .unwrap_or_else(|| failures::internal("an operator gave the deployment up"));
    let outcome = Outcome::RolledBack(Some(failure));
    let mut changes = end(parts, operation, &outcome, Left::Something).await?;
    // Whether their users exist nobody knows: no release may pin them, and the next deployment revokes them.
    for wished in &params.instances {
        let bindings = parts
            .store
            .bindings(wished.instance)
            .await
            .map_err(|error| failures::store(&error))?;
        let own = bindings
            .into_iter()
            .filter(|binding| binding.operation == operation.id);
        changes.extend(own.map(|binding| Change::SetBindingState {
            id: binding.id,
            from: binding.state,
            to: BindingState::Revoking,
        }));
    }
    Ok(changes)
}

/// The end must not wait for the log: a disk that is full is why many deployments fail.
async fn close_log(parts: &Parts, params: &Params, line: String) {
    let written = parts.logs.append(params.deployment, &[line]).await;
    let closed = parts.logs.close(params.deployment).await;
    if let Err(error) = written.and(closed) {
        tracing::warn!(deployment.id = %params.deployment, %error, "the end of a deployment could not be written to its log");
    }
}
