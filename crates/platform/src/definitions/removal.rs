//! Removing an instance: its data is destroyed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::InstanceId;
use windlass_model::instance::{InstanceEvent, InstanceState};
use windlass_operations::{
    Definition, Done, Effect, Failure, Operation, Outcome, StepContext, StepSpec,
};
use windlass_records::{Binding, BindingState, Change, ClusterKind};
use windlass_services::Access;

use super::provisioning::{CLUSTER_TIMEOUT, PROVISION_TIMEOUT};
use super::{read, unknown_step, until_cancelled};
use crate::failures;
use crate::instance_work::{InstanceScene, Patience, instance_failure, internal_transition};
use crate::parts::Parts;

/// The kind in the store.
pub(crate) const KIND: &str = "removal";

/// Stopping a server within its grace time (30 s) and dropping its volume.
const REMOVE_CLUSTER_TIMEOUT: Duration = Duration::from_secs(90);

/// The input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) instance: InstanceId,
    #[serde(default)]
    pub(crate) patience: Patience,
}

/// The definition.
pub(crate) struct RemovalDefinition {
    parts: Arc<Parts>,
}

impl RemovalDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

#[async_trait]
impl Definition<Change> for RemovalDefinition {
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
            // Asked before the point of no return, so that a server that is down refuses the removal
            // instead of leaving it half done.
            StepSpec::new("cluster", CLUSTER_TIMEOUT, 2),
            StepSpec::new("destroy", destruction(patience), 20).pivot(),
            StepSpec::new("remove-cluster", REMOVE_CLUSTER_TIMEOUT, 20),
        ]
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let work = async {
            match context.step.as_str() {
                "cluster" => self.parts.check_before_destruction(params.instance).await,
                "destroy" => self.parts.destroy_instance(params.instance).await,
                "remove-cluster" => {
                    let scene = self.parts.instance_scene(params.instance).await?;
                    self.parts.drop_private_cluster(&scene).await
                }
                other => Err(unknown_step(other)),
            }
        };
        until_cancelled(context, work).await.map(Done::changes)
    }

    async fn undo(&self, _context: &StepContext) -> Result<Done<Change>, Failure> {
        // Only the check stands before the pivot, and it makes nothing that was not there.
        Ok(Done::default())
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        match outcome {
            Outcome::Succeeded => self.parts.instance_removed(params.instance).await,
            Outcome::RolledBack(failure) => {
                self.parts
                    .removal_ended_early(params.instance, operation, failure.as_ref(), false)
                    .await
            }
        }
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        let destruction_began = operation
            .step("destroy")
            .is_some_and(|step| step.attempt > 0);
        self.parts
            .removal_ended_early(
                params.instance,
                operation,
                operation.error.as_ref(),
                destruction_began,
            )
            .await
    }
}

/// The instance goes after its bindings, of which there are few when nobody uses it any more.
pub(super) fn destruction(patience: Duration) -> Duration {
    PROVISION_TIMEOUT + patience * 2
}

impl Parts {
    /// Before anything is destroyed: the cluster that holds the instance can be used.
    pub(crate) async fn check_before_destruction(
        &self,
        id: InstanceId,
    ) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        if let Some(cluster) = scene.instance.cluster {
            let cluster = self.cluster(cluster).await?;
            // A private server goes whole; it need not answer.
            if cluster.kind != ClusterKind::Private {
                self.ensure_cluster(&cluster, &scene.service).await?;
            }
        }
        Ok(Vec::new())
    }

    /// Destroys the data of an instance and every user of it.
    pub(crate) async fn destroy_instance(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        let bindings = self
            .store
            .bindings(id)
            .await
            .map_err(|error| failures::store(&error))?;
        if let Some(cluster) = scene.instance.cluster {
            let cluster = self.cluster(cluster).await?;
            if cluster.kind != ClusterKind::Private {
                let access = self.access(&cluster, &scene.service).await?;
                self.destroy_with(&access, &scene, &bindings).await?;
            }
        }
        Ok(bindings
            .into_iter()
            .map(|binding| Change::SetBindingState {
                id: binding.id,
                from: binding.state,
                to: BindingState::Revoked,
            })
            .collect())
    }

    async fn destroy_with(
        &self,
        access: &Access,
        scene: &InstanceScene,
        bindings: &[Binding],
    ) -> Result<(), Failure> {
        let driver = self.driver(&scene.service)?;
        let id = scene.instance.id;
        let mut is_begun = false;
        let as_of_all = |mut failure: Failure, is_begun: bool| {
            // What cannot be done any more is not what nothing was done of.
            if is_begun {
                failure.effect = Effect::Unknown;
            }
            failure
        };
        if !driver.destroys_bindings() {
            for binding in bindings {
                let unbound = driver.unbind(access, id, binding.generation).await;
                unbound.map_err(|error| as_of_all(failures::service(&error), is_begun))?;
                is_begun = true;
            }
        }
        let destroyed = driver.destroy(access, id).await;
        destroyed.map_err(|error| as_of_all(failures::service(&error), is_begun))
    }

    /// The end of a removal.
    pub(crate) async fn instance_removed(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        let now = self.now();
        let to = internal_transition(scene.instance.state, InstanceEvent::Removed)?;
        Ok(vec![
            Change::SetInstanceState {
                id,
                from: scene.instance.state,
                to,
                at: now,
            },
            Change::SetInstanceError {
                id,
                error: None,
                at: now,
            },
        ])
    }

    /// The end of a removal that did not come to its end: back to the state before. Of what may be half
    /// destroyed nothing is certain but that nothing uses it: it counts as detached, and a new removal
    /// takes up what is left.
    pub(crate) async fn removal_ended_early(
        &self,
        id: InstanceId,
        operation: &Operation,
        failure: Option<&Failure>,
        destruction_began: bool,
    ) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        if scene.instance.state != InstanceState::Removing {
            return Ok(Vec::new());
        }
        let now = self.now();
        let fallback = internal_transition(InstanceState::Removing, InstanceEvent::RemovalFailed)?;
        let to = match scene.instance.state_before_removal {
            Some(InstanceState::New) => InstanceState::New,
            Some(before) if !destruction_began => before,
            _ => fallback,
        };
        Ok(vec![
            Change::SetInstanceState {
                id,
                from: InstanceState::Removing,
                to,
                at: now,
            },
            Change::SetInstanceError {
                id,
                error: Some(instance_failure(operation, failure, now)),
                at: now,
            },
        ])
    }
}
