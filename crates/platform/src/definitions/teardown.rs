//! Removing an application with everything in it. Confirmed by name at the edge; what it destroys cannot
//! be brought back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_engine::labels;
use windlass_model::id::{ApplicationId, EnvironmentId, InstanceId};
use windlass_model::instance::InstanceState;
use windlass_operations::{Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec};
use windlass_records::{Change, DeploymentFilter, InstanceFilter, PageRequest};

use super::provisioning::CLUSTER_TIMEOUT;
use super::removal::destruction;
use super::{argument, read, split, unknown_step, until_cancelled};
use crate::instance_work::Patience;
use crate::parts::Parts;
use crate::{failures, naming};

/// The kind in the store.
pub(crate) const KIND: &str = "application-removal";

/// Containers have their grace time to stop, one after the other.
const STOP_TIMEOUT: Duration = Duration::from_mins(5);
/// A router and a handful of files.
const SHORT: Duration = Duration::from_mins(1);

/// The input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) application: ApplicationId,
    pub(crate) environments: Vec<EnvironmentId>,
    pub(crate) instances: Vec<InstanceId>,
    #[serde(default)]
    pub(crate) patience: Patience,
}

/// The definition.
pub(crate) struct TeardownDefinition {
    parts: Arc<Parts>,
}

impl TeardownDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

#[async_trait]
impl Definition<Change> for TeardownDefinition {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        let (instances, patience) = read::<Params>("the input", params)
            .map(|params| (params.instances, params.patience))
            .unwrap_or_default();
        let mut steps: Vec<StepSpec> = instances
            .iter()
            .map(|id| StepSpec::new(format!("cluster:{id}"), CLUSTER_TIMEOUT, 2))
            .collect();
        steps.push(StepSpec::new("unroute", SHORT, 20).pivot());
        steps.push(StepSpec::new("stop", STOP_TIMEOUT, 20));
        for id in &instances {
            steps.push(StepSpec::new(
                format!("destroy:{id}"),
                destruction(patience.of(*id)),
                20,
            ));
            steps.push(StepSpec::new(
                format!("remove-cluster:{id}"),
                STOP_TIMEOUT,
                20,
            ));
            steps.push(StepSpec::new(format!("removed:{id}"), SHORT, 20));
        }
        steps.push(StepSpec::new("clean-up", STOP_TIMEOUT, 20));
        steps
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        until_cancelled(context, self.step(&context.step, &params))
            .await
            .map(Done::changes)
    }

    async fn undo(&self, _context: &StepContext) -> Result<Done<Change>, Failure> {
        // Before the pivot clusters are only asked.
        Ok(Done::default())
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        Ok(match outcome {
            Outcome::Succeeded => vec![Change::DeleteApplication(params.application)],
            Outcome::RolledBack(_) => vec![Change::SetApplicationRemoving {
                id: params.application,
                removing: false,
            }],
        })
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        // The application stays on record with what is left of it: a new removal takes that up.
        let params: Params = read("the input", &operation.params)?;
        let mut changes = vec![Change::SetApplicationRemoving {
            id: params.application,
            removing: false,
        }];
        for id in params.instances {
            let ended = self
                .parts
                .removal_ended_early(id, operation, operation.error.as_ref(), true)
                .await?;
            changes.extend(ended);
        }
        Ok(changes)
    }
}

impl TeardownDefinition {
    async fn step(&self, step: &str, params: &Params) -> Result<Vec<Change>, Failure> {
        let changes = match split(step).0 {
            "cluster" => self.parts.check_before_destruction(argument(step)?).await?,
            // The application is marked as being removed, so that the table has no upstreams for it.
            "unroute" => {
                let application = self.parts.application(params.application).await?;
                self.parts.publish_routes(application.region).await?;
                Vec::new()
            }
            "stop" => {
                self.remove_containers(params).await?;
                Vec::new()
            }
            "destroy" => self.destroy(argument(step)?).await?,
            "remove-cluster" => {
                let scene = self.parts.instance_scene(argument(step)?).await?;
                self.parts.drop_private_cluster(&scene).await?
            }
            "removed" => {
                let id = argument(step)?;
                match self.parts.instance_scene(id).await?.instance.state {
                    InstanceState::Removed => Vec::new(),
                    _ => self.parts.instance_removed(id).await?,
                }
            }
            "clean-up" => {
                self.clean_up(params).await?;
                Vec::new()
            }
            _ => return Err(unknown_step(step)),
        };
        Ok(changes)
    }

    async fn destroy(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let instance = self.parts.instance_scene(id).await?.instance;
        if instance.state == InstanceState::Removed {
            return Ok(Vec::new());
        }
        let mut changes = self.parts.destroy_instance(id).await?;
        if instance.state != InstanceState::Removing {
            changes.push(Change::SetInstanceState {
                id,
                from: instance.state,
                to: InstanceState::Removing,
                at: self.parts.now(),
            });
        }
        Ok(changes)
    }

    async fn remove_containers(&self, params: &Params) -> Result<(), Failure> {
        for environment in &params.environments {
            let _lock = self.parts.locks.lock(*environment).await;
            let scene = self.parts.scene(*environment).await?;
            let engine = self.parts.engine(scene.region.id)?;
            for role in ["process", "release-command"] {
                let filter = scene
                    .labels(&self.parts.installation)
                    .with(labels::ROLE, role);
                for observed in engine
                    .observe(&filter)
                    .await
                    .map_err(|error| failures::engine(&error))?
                {
                    engine
                        .remove(&observed.name)
                        .await
                        .map_err(|error| failures::engine(&error))?;
                }
            }
        }
        Ok(())
    }

    async fn clean_up(&self, params: &Params) -> Result<(), Failure> {
        for id in &params.environments {
            let scene = self.parts.scene(*id).await?;
            let engine = self.parts.engine(scene.region.id)?;
            engine
                .remove_network(&naming::environment_network(*id))
                .await
                .map_err(|error| failures::engine(&error))?;
            let filter = DeploymentFilter {
                environment: Some(*id),
                ..DeploymentFilter::default()
            };
            let deployments = self
                .parts
                .store
                .deployments(&filter, &PageRequest::first(u32::MAX))
                .await
                .map_err(|error| failures::store(&error))?;
            for deployment in deployments.rows {
                // By the name that Windlass gave it only: under others the image is not ours to remove.
                let tag = naming::image_tag(&scene.application.slug, deployment.id);
                engine
                    .remove_image(&tag)
                    .await
                    .map_err(|error| failures::engine(&error))?;
                self.parts
                    .logs
                    .remove(deployment.id)
                    .await
                    .map_err(|error| failures::log(&error))?;
            }
        }
        self.parts
            .builder
            .remove_repository(params.application)
            .await
            .map_err(|error| failures::build(&error))
    }
}

impl Parts {
    /// The instances of an application that are not removed.
    pub(crate) async fn application_instances(
        &self,
        application: ApplicationId,
    ) -> Result<Vec<windlass_records::Instance>, Failure> {
        let filter = InstanceFilter {
            application: Some(application),
            ..InstanceFilter::default()
        };
        let page = self
            .store
            .instances(&filter, &PageRequest::first(u32::MAX))
            .await
            .map_err(|error| failures::store(&error))?;
        Ok(page.rows)
    }
}
