//! Removing what an environment keeps no longer: releases past the limit with their images, deployments
//! past theirs with their logs. Begun by the housekeeping; nobody waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_engine::{Error as EngineError, ImageId};
use windlass_model::id::{DeploymentId, EnvironmentId};
use windlass_operations::{
    Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec, Subject, Submission,
};
use windlass_records::{AuditEntry, AuditOutcome, CLEAN_UP_SUBJECT, Change, PageRequest, Surplus};

use super::{read, unknown_step, until_cancelled, write};
use crate::parts::Parts;
use crate::reconcile::is_deploying;
use crate::scene::Scene;
use crate::{failures, naming};

/// The kind in the store.
pub(crate) const KIND: &str = "clean-up";
/// Who it is that does it, for records.
const ACTOR: &str = "windlass";
/// As many releases, and deployments, as one operation forgets; what is left over waits for the next.
const AT_ONCE: u32 = 50;
/// A few calls to the engine and one transaction.
const SHORT: Duration = Duration::from_mins(1);
/// The engine deletes the files of one image after the other, each within seconds.
const REMOVE_TIMEOUT: Duration = Duration::from_mins(10);

/// The input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) environment: EnvironmentId,
}

/// What was chosen to go. From the step that forgets the releases on only this names their images.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Chosen {
    /// The deployments whose image's tag goes.
    images: BTreeSet<DeploymentId>,
    /// The deployments that go with their logs, after everything else.
    deployments: BTreeSet<DeploymentId>,
}

/// The definition.
pub(crate) struct CleanUpDefinition {
    parts: Arc<Parts>,
}

impl CleanUpDefinition {
    pub(crate) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

#[async_trait]
impl Definition<Change> for CleanUpDefinition {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, _params: &Value) -> Vec<StepSpec> {
        vec![
            // The engine is asked before anything is forgotten, so that one that is away ends this early.
            StepSpec::new("hold", SHORT, 1),
            StepSpec::new("forget", SHORT, 3).pivot(),
            StepSpec::new("remove", REMOVE_TIMEOUT, 20),
        ]
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        let params: Params = read("the input", &context.operation.params)?;
        let work = async {
            // Without the environment its application has been removed, and all of it with it.
            let Some(scene) = self.scene(params.environment).await? else {
                return Ok(Done::default());
            };
            match context.step.as_str() {
                "hold" => self.hold(&scene).await,
                "forget" => self.forget(&context.operation, &scene).await,
                "remove" => self.remove(&scene, &chosen(&context.operation)?).await,
                other => Err(unknown_step(other)),
            }
        };
        until_cancelled(context, work).await
    }

    async fn undo(&self, _context: &StepContext) -> Result<Done<Change>, Failure> {
        // The tags that stand before the pivot are of releases that are kept.
        Ok(Done::default())
    }

    async fn finish(
        &self,
        operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        Ok(match outcome {
            Outcome::Succeeded => chosen(operation)?
                .deployments
                .into_iter()
                .map(Change::DeleteDeployment)
                .collect(),
            Outcome::RolledBack(_) => Vec::new(),
        })
    }

    async fn abandon(&self, _operation: &Operation) -> Result<Vec<Change>, Failure> {
        // The rows of the deployments stay, and what is left with them: a later clean-up takes it up when
        // they are past their limit.
        Ok(Vec::new())
    }
}

impl CleanUpDefinition {
    /// The environment with what it belongs to, unless it has been removed since.
    async fn scene(&self, environment: EnvironmentId) -> Result<Option<Scene>, Failure> {
        let row = self.parts.store.environment(environment).await;
        if row.map_err(|error| failures::store(&error))?.is_none() {
            return Ok(None);
        }
        self.parts.scene(environment).await.map(Some)
    }

    /// Each release that is kept holds its image by a tag of its own. Its deployment gave it; but rollbacks
    /// once did not, and their images would go with the deployments that built them.
    async fn hold(&self, scene: &Scene) -> Result<Done<Change>, Failure> {
        if scene.application.removing {
            return Ok(Done::default());
        }
        let engine = self.parts.engine(scene.region.id)?;
        engine
            .ping()
            .await
            .map_err(|error| failures::engine(&error))?;
        let keep = self.parts.settings.keep();
        let kept = self
            .parts
            .store
            .releases(scene.environment.id, &PageRequest::first(keep.releases))
            .await
            .map_err(|error| failures::store(&error))?;
        for release in kept.rows {
            if release.rollback_of.is_none() {
                continue;
            }
            let tag = naming::image_tag(&scene.application.slug, release.deployment);
            match engine.tag(&ImageId(release.image), &tag).await {
                // Somebody has removed it already; a rollback to this release will say so.
                Ok(()) | Err(EngineError::NotFound { .. }) => {}
                Err(error) => return Err(failures::engine(&error)),
            }
        }
        Ok(Done::default())
    }

    /// The point of no return: the releases are gone, and with them the secrets that only they had.
    async fn forget(&self, operation: &Operation, scene: &Scene) -> Result<Done<Change>, Failure> {
        let surplus = self.surplus(scene).await?;
        let releases: Vec<String> = surplus
            .releases
            .iter()
            .map(|release| release.number.to_string())
            .collect();
        let chosen = Chosen {
            // Of deployments that failed there is none, unless an operator gave one up half-way.
            images: surplus
                .releases
                .iter()
                .map(|release| release.deployment)
                .chain(surplus.deployments.iter().copied())
                .collect(),
            deployments: surplus.deployments.into_iter().collect(),
        };
        let mut changes = Vec::new();
        if !chosen.images.is_empty() {
            // A deployment that begins now may take up one of these releases, or need it to go back.
            changes.push(Change::ExpectNoDeployment(scene.environment.id));
            changes.extend(
                surplus
                    .releases
                    .iter()
                    .map(|release| Change::DeleteRelease(release.id)),
            );
            changes.push(Change::Audit(AuditEntry {
                at: self.parts.now(),
                actor: operation.actor.clone(),
                request_id: operation.request_id.clone(),
                address: String::new(),
                action: "environment.clean-up".to_owned(),
                subject: scene.title(),
                organisation: None,
                application: Some(scene.application.id),
                detail: format!(
                    "releases: {}; deployments: {}",
                    if releases.is_empty() {
                        "none".to_owned()
                    } else {
                        releases.join(", ")
                    },
                    chosen.deployments.len()
                ),
                outcome: AuditOutcome::Done,
            }));
        }
        Ok(Done::changes(changes).with_output(write("what goes", &chosen)?))
    }

    /// What goes; nothing while the environment or its application is in other hands.
    async fn surplus(&self, scene: &Scene) -> Result<Surplus, Failure> {
        let id = scene.environment.id;
        if scene.application.removing || is_deploying(&self.parts, Some(id)).await? {
            return Ok(Surplus::default());
        }
        let keep = self.parts.settings.keep();
        let surplus = self.parts.store.surplus(id, &keep, AT_ONCE).await;
        surplus.map_err(|error| failures::store(&error))
    }

    /// The tags first: the image goes with its last one. By the names that Windlass gave only.
    async fn remove(&self, scene: &Scene, chosen: &Chosen) -> Result<Done<Change>, Failure> {
        let engine = self.parts.engine(scene.region.id)?;
        for deployment in &chosen.images {
            let tag = naming::image_tag(&scene.application.slug, *deployment);
            engine
                .remove_image(&tag)
                .await
                .map_err(|error| failures::engine(&error))?;
        }
        for deployment in &chosen.deployments {
            self.parts
                .logs
                .remove(*deployment)
                .await
                .map_err(|error| failures::log(&error))?;
        }
        Ok(Done::default())
    }
}

/// What `forget` has chosen; nothing when it found no environment, or an operator skipped it.
fn chosen(operation: &Operation) -> Result<Chosen, Failure> {
    let output = operation
        .step("forget")
        .and_then(|step| step.output.as_ref());
    output.map_or_else(|| Ok(Chosen::default()), |output| read("what goes", output))
}

/// The operation that cleans up an environment, not written yet; `None` when there is no such environment.
pub(crate) async fn compose(
    parts: &Parts,
    environment: EnvironmentId,
) -> Result<Option<(Submission, Vec<Change>)>, Failure> {
    let row = parts.store.environment(environment).await;
    let Some(row) = row.map_err(|error| failures::store(&error))? else {
        return Ok(None);
    };
    let application = parts.store.application(row.application).await;
    let Some(application) = application.map_err(|error| failures::store(&error))? else {
        return Ok(None);
    };
    let subject = Subject {
        kind: CLEAN_UP_SUBJECT.to_owned(),
        id: environment.to_string(),
    };
    let submission = Submission::new(
        KIND,
        application.organisation.to_string(),
        subject,
        write("the input", &Params { environment })?,
        ACTOR,
        "housekeeping",
    );
    let changes = vec![Change::ExpectApplicationStays(application.id)];
    Ok(Some((submission, changes)))
}
