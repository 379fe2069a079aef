//! Provisioning an instance without a deployment.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::InstanceId;
use windlass_operations::{
    Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec, StepState,
};
use windlass_records::Change;

use super::{read, unknown_step, until_cancelled};
use crate::instance_work::{Left, Patience};
use crate::parts::Parts;

/// The kind in the store.
pub(crate) const KIND: &str = "provisioning";

/// A private server's first start includes making its database; slow disks take a while.
pub(super) const CLUSTER_TIMEOUT: Duration = Duration::from_mins(3);
/// One database on a running server: seconds at most, but behind others in a queue on a busy one; and a
/// server that does not run has to be started before.
pub(super) const PROVISION_TIMEOUT: Duration = Duration::from_mins(3);

/// The input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) instance: InstanceId,
    #[serde(default)]
    pub(crate) patience: Patience,
}

/// The definition.
pub(crate) struct ProvisioningDefinition {
    parts: Arc<Parts>,
}

impl ProvisioningDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

#[async_trait]
impl Definition<Change> for ProvisioningDefinition {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        // The input is ours; of one that cannot be read the first step says so.
        let params = read::<Params>("the input", params).ok();
        let patience = params.map_or(Duration::ZERO, |params| params.patience.total());
        vec![
            StepSpec::new("cluster", CLUSTER_TIMEOUT, 3),
            StepSpec::new("provision", PROVISION_TIMEOUT + patience, 3),
        ]
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let work = async {
            match context.step.as_str() {
                "cluster" => self.parts.run_cluster_step(params.instance).await,
                "provision" => {
                    self.parts.run_provision_step(params.instance).await?;
                    Ok(Vec::new())
                }
                other => Err(unknown_step(other)),
            }
        };
        until_cancelled(context, work).await.map(Done::changes)
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let changes = match context.step.as_str() {
            "cluster" => self.parts.undo_cluster_step(params.instance).await?,
            "provision" => {
                self.parts
                    .undo_provision_step(context, params.instance)
                    .await?
            }
            other => return Err(unknown_step(other)),
        };
        Ok(Done::changes(changes))
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        match outcome {
            // Not with the step: until the end a cancel takes everything back.
            Outcome::Succeeded => self.parts.provisioned(params.instance).await,
            Outcome::RolledBack(failure) => {
                self.parts
                    .provisioning_failed(
                        params.instance,
                        operation,
                        failure.as_ref(),
                        Left::Nothing,
                    )
                    .await
            }
        }
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        let made = |name| {
            operation
                .step(name)
                .is_some_and(|step| step.state == StepState::Done)
        };
        if made("cluster") && made("provision") {
            return self.parts.provisioned(params.instance).await;
        }
        self.parts
            .provisioning_failed(
                params.instance,
                operation,
                operation.error.as_ref(),
                Left::Something,
            )
            .await
    }
}
