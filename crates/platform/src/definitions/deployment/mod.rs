//! The deployment: a transaction over image, variables, bindings and routes.
//!
//! Before the pivot (`switch`) everything is made beside what runs, and can be taken back. The pivot is
//! one transaction of the store: the running release and the states of the instances. What follows makes
//! the world agree with it and is retried until it does.

mod build;
mod containers;
mod credentials;
mod finish;
mod log;
mod prepare;
mod release_commands;
pub(crate) mod snapshot;
mod switch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use windlass_operations::{Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec};
use windlass_records::{Change, DeploymentStatus};

pub(crate) use self::prepare::builtin_names;
use self::snapshot::Params;
use super::provisioning::{CLUSTER_TIMEOUT, PROVISION_TIMEOUT};
use super::{argument, read, split, unknown_step, until_cancelled};
use crate::parts::Parts;
use crate::scene::Scene;

/// The kind in the store.
pub(crate) const KIND: &str = "deployment";

/// Calls to the engine and the cluster for a handful of objects.
const SHORT: Duration = Duration::from_mins(1);
/// Old containers have their grace time to stop (10 s each) after the drain.
const RETIRE: Duration = Duration::from_mins(3);
/// Steps behind the pivot are tried this often before an operator is asked; with back-off, hours.
const FORWARD_ATTEMPTS: u32 = 30;

/// The definition.
pub(crate) struct DeploymentDefinition {
    parts: Arc<Parts>,
}

/// What every step of a deployment works with.
pub(crate) struct Stage<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) context: &'a StepContext,
    pub(crate) params: Params,
    pub(crate) scene: Scene,
}

impl DeploymentDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    async fn stage<'a>(&'a self, context: &'a StepContext) -> Result<Stage<'a>, Failure> {
        let params: Params = read("the snapshot", &context.operation.params)?;
        let scene = self.parts.scene(params.environment).await?;
        Ok(Stage {
            parts: &self.parts,
            context,
            params,
            scene,
        })
    }
}

impl Stage<'_> {
    async fn run(&self) -> Result<Done<Change>, Failure> {
        self.announce().await?;
        let step = &self.context.step;
        match split(step).0 {
            "cluster" => self
                .parts
                .run_cluster_step(argument(step)?)
                .await
                .map(Done::changes),
            "provision" => {
                let instance = argument(step)?;
                self.parts.run_provision_step(instance).await?;
                // With the step: what is provisioned stays so, whatever becomes of the deployment.
                self.parts.provisioned(instance).await.map(Done::changes)
            }
            "credentials" => self.credentials().await,
            "bind" => self.bind().await,
            "build" => self.build().await,
            "prepare" => self.prepare().await,
            "release-commands" => self.run_release_commands().await,
            "start" => self.start().await,
            "health" => self.check_health().await,
            "switch" => self.switch().await,
            "publish" => self.publish().await,
            "drain" => self.drain().await,
            "retire" => self.retire().await,
            "revoke" => self.revoke().await,
            other => Err(unknown_step(other)),
        }
    }
}

/// The status that people see while a step is the current one.
pub(crate) fn status_of_step(step: &str) -> DeploymentStatus {
    match split(step).0 {
        "cluster" | "provision" | "credentials" | "bind" => DeploymentStatus::Provisioning,
        "build" => DeploymentStatus::Building,
        "prepare" | "release-commands" => DeploymentStatus::Releasing,
        "start" => DeploymentStatus::Scaling,
        "health" => DeploymentStatus::Checking,
        _ => DeploymentStatus::Switching,
    }
}

#[async_trait]
impl Definition<Change> for DeploymentDefinition {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        // The input is ours; one that cannot be read gives no provisioning steps, and the first step
        // that runs says that it cannot be read.
        let params = read::<Params>("the snapshot", params).ok();
        let provision = params
            .as_ref()
            .map(Params::to_provision)
            .unwrap_or_default();
        let patience = params
            .as_ref()
            .map(|params| params.patience.clone())
            .unwrap_or_default();
        let commands = params.map_or(0, |params| params.release_commands.len());
        let commands = u32::try_from(commands).unwrap_or(u32::MAX);
        let settings = &self.parts.settings;
        // Each has its own limit; this one is for what comes between them. One more is the Procfile's.
        let release_commands_timeout = settings
            .release_command_timeout
            .saturating_mul(commands.saturating_add(1))
            .saturating_add(SHORT);
        let mut steps = Vec::new();
        for instance in provision {
            steps.push(StepSpec::new(
                format!("cluster:{instance}"),
                CLUSTER_TIMEOUT,
                3,
            ));
            steps.push(StepSpec::new(
                format!("provision:{instance}"),
                PROVISION_TIMEOUT + patience.of(instance),
                3,
            ));
        }
        steps.extend([
            StepSpec::new("credentials", SHORT, 3),
            StepSpec::new("bind", CLUSTER_TIMEOUT + patience.total(), 3),
            StepSpec::new("build", settings.build_timeout, 3),
            StepSpec::new("prepare", SHORT, 3),
            // A release command that failed or hung is not run again by itself: nobody knows what it did.
            StepSpec::new("release-commands", release_commands_timeout, 1),
            StepSpec::new("start", SHORT * 2, 3),
            StepSpec::new(
                "health",
                settings.health_timeout + Duration::from_secs(10),
                1,
            ),
            StepSpec::new("switch", SHORT, FORWARD_ATTEMPTS).pivot(),
            StepSpec::new("publish", SHORT, FORWARD_ATTEMPTS),
            StepSpec::new(
                "drain",
                settings.drain_deadline + Duration::from_secs(10),
                FORWARD_ATTEMPTS,
            ),
            StepSpec::new("retire", RETIRE, FORWARD_ATTEMPTS),
            StepSpec::new("revoke", SHORT + patience.total(), FORWARD_ATTEMPTS),
        ]);
        steps
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let stage = self.stage(context).await?;
        let done = until_cancelled(context, stage.run()).await;
        if let Err(failure) = &done {
            stage.report(failure).await;
        }
        done
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let stage = self.stage(context).await?;
        match split(&context.step).0 {
            "cluster" => self
                .parts
                .undo_cluster_step(argument(&context.step)?)
                .await
                .map(Done::changes),
            "provision" => self
                .parts
                .undo_provision_step(context, argument(&context.step)?)
                .await
                .map(Done::changes),
            "credentials" => stage.undo_credentials().await,
            "bind" => stage.undo_bind().await,
            "build" => stage.undo_build().await,
            "prepare" => stage.undo_prepare().await,
            "release-commands" => stage.undo_release_commands().await,
            "start" => stage.undo_start().await,
            // These make nothing.
            "health" | "switch" => Ok(Done::default()),
            other => Err(unknown_step(other)),
        }
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        finish::finish(&self.parts, operation, outcome).await
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        finish::abandon(&self.parts, operation).await
    }
}
