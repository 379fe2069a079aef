//! Making what an instance holds public, or private again.
//!
//! Public is what its server says first and the row then, so that no address leads nowhere; private is what the row
//! says first, so that the router has no way there even while the server is away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::InstanceId;
use windlass_operations::{Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec};
use windlass_records::{Change, Instance};

use super::provisioning::PROVISION_TIMEOUT;
use super::{read, unknown_step, until_cancelled};
use crate::failures;
use crate::instance_work::{instance_failure, never_reached};
use crate::parts::Parts;

/// The kind in the store.
pub(crate) const KIND: &str = "visibility";

/// A transaction, or a publication of the route table.
const SHORT: Duration = Duration::from_mins(1);

/// The input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) instance: InstanceId,
    /// What it is to be.
    pub(crate) public: bool,
    /// What it was.
    pub(crate) before: bool,
}

/// The definition.
pub(crate) struct VisibilityDefinition {
    parts: Arc<Parts>,
}

impl VisibilityDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

#[async_trait]
impl Definition<Change> for VisibilityDefinition {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        // The input is ours; of one that cannot be read the first step says so.
        if read::<Params>("the input", params).is_ok_and(|params| params.public) {
            return vec![
                StepSpec::new("open", PROVISION_TIMEOUT, 3),
                StepSpec::new("record", SHORT, 3).pivot(),
                StepSpec::new("route", SHORT, 20),
            ];
        }
        vec![
            StepSpec::new("hide", SHORT, 20).pivot(),
            StepSpec::new("close", PROVISION_TIMEOUT, 20),
        ]
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let work = async {
            match context.step.as_str() {
                "open" => {
                    let set = self.parts.set_public(params.instance, true).await?;
                    if !set {
                        let why = "the instance is being removed";
                        return Err(Failure::permanent("being_removed", why));
                    }
                }
                "record" => return Ok(vec![self.recorded(&params, true)]),
                // Derived from the row, which says by now what is to be seen.
                "route" | "hide" => {
                    let scene = self.parts.instance_scene(params.instance).await?;
                    self.parts.publish_routes(scene.service.region).await?;
                }
                "close" => {
                    self.parts.set_public(params.instance, false).await?;
                }
                other => return Err(unknown_step(other)),
            }
            Ok(Vec::new())
        };
        until_cancelled(context, work).await.map(Done::changes)
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let record = context.operation.step(&context.step);
        match context.step.as_str() {
            "open" if !record.is_some_and(never_reached) => {
                self.parts
                    .set_public(params.instance, params.before)
                    .await?;
            }
            // What was not recorded is not to be forgotten; the table follows the row, which the end sets back.
            "open" | "record" | "hide" => {}
            other => return Err(unknown_step(other)),
        }
        Ok(Done::default())
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        match outcome {
            Outcome::Succeeded => self.ended(&params, params.public, None).await,
            Outcome::RolledBack(failure) => {
                let failed = (operation, failure.as_ref());
                self.ended(&params, params.before, Some(failed)).await
            }
        }
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<Change>, Failure> {
        let params: Params = read("the input", &operation.params)?;
        // Of what may be open on its server the row goes on saying that it is private: no name leads there, and
        // making it private once more closes it.
        let is_recorded = operation.step("record").is_some_and(|step| step.completed);
        let failed = (operation, operation.error.as_ref());
        self.ended(&params, params.public && is_recorded, Some(failed))
            .await
    }
}

impl VisibilityDefinition {
    fn recorded(&self, params: &Params, public: bool) -> Change {
        Change::SetInstancePublic {
            id: params.instance,
            public,
            at: self.parts.now(),
        }
    }

    /// What the row says at the end.
    async fn ended(
        &self,
        params: &Params,
        public: bool,
        failed: Option<(&Operation, Option<&Failure>)>,
    ) -> Result<Vec<Change>, Failure> {
        if self.parts.standing(params.instance).await?.is_none() {
            return Ok(Vec::new());
        }
        let at = self.parts.now();
        Ok(vec![
            self.recorded(params, public),
            Change::SetInstanceError {
                id: params.instance,
                error: failed.map(|(operation, failure)| instance_failure(operation, failure, at)),
                at,
            },
        ])
    }
}

impl Parts {
    /// An instance, unless the removal of its application has taken it along, or is about to.
    async fn standing(&self, id: InstanceId) -> Result<Option<Instance>, Failure> {
        let instance = self.store.instance(id).await;
        let instance = instance.map_err(|error| failures::store(&error))?;
        Ok(instance.filter(|instance| instance.state.is_provisioned()))
    }

    /// Opens or closes an instance on its server. False when there is none any more.
    async fn set_public(&self, id: InstanceId, public: bool) -> Result<bool, Failure> {
        if self.standing(id).await?.is_none() {
            return Ok(false);
        }
        let scene = self.instance_scene(id).await?;
        let cluster = self.instance_cluster(&scene).await?;
        let access = self.usable_cluster(&cluster, &scene.service).await?;
        let driver = self.driver(&scene.service)?;
        let set = driver.set_public(&access, id, public).await;
        set.map_err(|error| failures::service(&error))?;
        Ok(true)
    }
}
