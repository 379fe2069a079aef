//! Deployments: begun, read, cancelled.

use futures::stream::BoxStream;
use windlass_delivery::logs;
use windlass_model::access::Action;
use windlass_model::id::{ApplicationId, DeploymentId, EnvironmentId, InstanceId, ReleaseId};
use windlass_model::instance::{InstanceEvent, InstanceState, transition};
use windlass_operations::{Operation, StepState, Submission};
use windlass_records::{
    Change, Deployment, DeploymentFilter, DeploymentStatus, Page, PageRequest, ReleaseVariable,
};

use super::load::not_removing;
pub use super::wish::RequestedSource;
use crate::context::Context;
use crate::definitions::deployment::snapshot::Params;
use crate::definitions::deployment::{self, status_of_step};
use crate::error::Error;
use crate::ids;
use crate::instance_work::Patience;
use crate::platform::Platform;
use crate::scene::Scene;

/// An operation to be submitted, and the rows that are written with it.
pub(crate) type Composed = (Submission, Vec<Change>);

/// A deployment to be begun.
#[derive(Debug, Clone)]
pub struct DeployRequest {
    /// The environment.
    pub environment: EnvironmentId,
    /// Where the code comes from.
    pub source: RequestedSource,
    /// Whether layers of earlier builds may be used.
    pub cache: bool,
    /// Whether an image of the same commit is used again.
    pub build_mode: BuildMode,
}

/// How code becomes an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BuildMode {
    /// The image of a release of the same commit is used again; else it is built.
    #[default]
    Auto,
    /// The image of a release of the same commit is used again; nothing is ever built.
    Adopt,
    /// Built anew.
    Force,
}

/// A deployment as people see it.
#[derive(Debug, Clone)]
pub struct DeploymentView {
    /// The deployment.
    pub deployment: Deployment,
    /// Where it stands, by the step that its operation is at.
    pub status: DeploymentStatus,
    /// The variables of its release; empty before they are pinned and after a failure.
    pub variables: Vec<ReleaseVariable>,
    /// The number of the release that it made.
    pub release_number: Option<u32>,
    /// Where the site is.
    pub site_url: String,
}

impl Platform {
    /// Begins a deployment of what is wished now.
    pub async fn deploy(
        &self,
        context: &Context,
        request: DeployRequest,
    ) -> Result<DeploymentView, Error> {
        let (submission, changes) = self.compose_deployment(context, request).await?;
        self.begin(context, submission, changes).await
    }

    /// Checks the request and takes the snapshot: the operation and the rows, not written yet.
    pub(crate) async fn compose_deployment(
        &self,
        context: &Context,
        request: DeployRequest,
    ) -> Result<Composed, Error> {
        let scene = self
            .load_scene(context, Action::Deploy, request.environment)
            .await?;
        not_removing(&scene.application)?;
        self.refuse_second_early(context, &scene).await?;
        let source = self.resolve_source(&scene, &request.source).await?;
        let adopt = self.adopted(&scene, &source, request.build_mode).await?;
        let instances = self.environment_instances(&scene).await?;
        let params = Params {
            deployment: ids::mint(),
            environment: scene.environment.id,
            release: ids::mint(),
            previous: scene.environment.running_release,
            source: Some(source),
            rollback: None,
            rotation: None,
            cache: request.cache,
            adopt,
            release_commands: scene.application.release_commands.clone(),
            instances: self.wished_instances(&instances).await?,
            variables: self.wished_variables(&scene).await?,
            hosts: vec![scene.host()],
            patience: Patience::default(),
        };
        self.compose(context, &scene, params).await
    }

    /// Writes deployment, operation and the states of the instances in one transaction.
    pub(crate) async fn begin(
        &self,
        context: &Context,
        submission: Submission,
        changes: Vec<Change>,
    ) -> Result<DeploymentView, Error> {
        let environment: Option<EnvironmentId> = submission.subject.id.parse().ok();
        let operation = match (self.submit(submission, changes).await, environment) {
            (Err(refusal @ Error::Refused { code: "busy", .. }), Some(environment)) => {
                let scene = self.load_scene(context, Action::ViewApplication, environment);
                self.refuse_second(&scene.await?).await?;
                return Err(refusal);
            }
            (other, _) => other?,
        };
        // A repeated request with the same key gives the deployment that the first one began.
        let begun: Params = serde_json::from_value(operation.params)
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.deployment(context, begun.deployment).await
    }

    /// The instances that a deployment works with: those of the new release, and those of the running
    /// one, which its containers use until they are gone.
    async fn touched_instances(
        &self,
        scene: &Scene,
        params: &Params,
    ) -> Result<Vec<InstanceId>, Error> {
        let mut touched: Vec<InstanceId> = params
            .instances
            .iter()
            .map(|wished| wished.instance)
            .collect();
        for instance in self.environment_instances(scene).await? {
            if instance.state.is_in_running_release() && !touched.contains(&instance.id) {
                touched.push(instance.id);
            }
        }
        Ok(touched)
    }

    pub(crate) async fn compose(
        &self,
        context: &Context,
        scene: &Scene,
        mut params: Params,
    ) -> Result<Composed, Error> {
        let now = self.parts.now();
        let instances = self.environment_instances(scene).await?;
        params.patience = self.parts.patience(&instances).await?;
        let subject = ("environment", scene.environment.id.to_string());
        let submission = Self::submission(
            context,
            scene.application.organisation,
            deployment::KIND,
            subject,
            &params,
        )?;
        let snapshot = submission.params.clone();
        let row = Deployment {
            id: params.deployment,
            environment: scene.environment.id,
            operation: submission.id,
            number: self
                .parts
                .store
                .next_deployment_number(scene.environment.id)
                .await?,
            release: params.release,
            snapshot,
            instances: self.touched_instances(scene, &params).await?,
            status: DeploymentStatus::Queued,
            failed_step: None,
            error: None,
            hint: None,
            commit: params
                .source
                .as_ref()
                .and_then(|source| source.commit().map(str::to_owned)),
            actor: context.email.clone(),
            started_at: now,
            ended_at: None,
        };
        let mut changes = vec![Change::InsertDeployment(row)];
        if let Some(rollback) = &params.rollback {
            // It may have been forgotten since it was looked at. From here on it is not.
            changes.push(Change::ExpectRelease(rollback.release));
        }
        for wished in &params.instances {
            if wished.provision {
                let to = transition(InstanceState::New, InstanceEvent::Provision)
                    .map_err(|refusal| Error::Internal(refusal.to_string()))?;
                changes.push(Change::SetInstanceState {
                    id: wished.instance,
                    from: InstanceState::New,
                    to,
                    at: now,
                });
            } else {
                // Someone else provisions or removes it, or it has been removed since it was looked at.
                changes.push(Change::ExpectInstanceState {
                    id: wished.instance,
                    states: vec![
                        InstanceState::PendingAttachment,
                        InstanceState::Attached,
                        InstanceState::PendingDetachment,
                    ],
                });
            }
        }
        let action = match (&params.rotation, &params.rollback) {
            (Some(_), _) => "deployment.rotate",
            (None, Some(_)) => "deployment.rollback",
            (None, None) => "deployment.create",
        };
        changes.push(self.audit(
            context,
            action,
            scene.title(),
            Some(scene.application.id),
            params.deployment.to_string(),
        ));
        Ok((submission, changes))
    }

    /// Refuses early what the store would refuse at the end. A request with an `Idempotency-Key` may be
    /// the first one again, which the store finds out.
    pub(crate) async fn refuse_second_early(
        &self,
        context: &Context,
        scene: &Scene,
    ) -> Result<(), Error> {
        if context.idempotency.is_some() {
            Ok(())
        } else {
            self.refuse_second(scene).await
        }
    }

    /// Refuses a second deployment with the id of the first.
    async fn refuse_second(&self, scene: &Scene) -> Result<(), Error> {
        let filter = DeploymentFilter {
            environment: Some(scene.environment.id),
            unfinished: true,
            ..DeploymentFilter::default()
        };
        match self
            .parts
            .store
            .deployments(&filter, &PageRequest::first(1))
            .await?
            .rows
            .first()
        {
            None => Ok(()),
            Some(first) => Err(Error::Refused {
                code: "deploying",
                message: format!(
                    "deployment {} of '{}' is still running; wait for it to end, or cancel it",
                    first.id,
                    scene.title()
                ),
                operation: Some(first.operation),
            }),
        }
    }

    /// Deployments of an application or one of its environments, newest first.
    pub async fn deployments(
        &self,
        context: &Context,
        application: Option<ApplicationId>,
        environment: Option<EnvironmentId>,
        page: &PageRequest,
    ) -> Result<Page<DeploymentView>, Error> {
        if let Some(id) = application {
            self.load_application(context, Action::ViewApplication, id)
                .await?;
        }
        if let Some(id) = environment {
            self.load_scene(context, Action::ViewApplication, id)
                .await?;
        }
        if application.is_none() && environment.is_none() {
            return Err(Error::invalid(
                "environment",
                "an environment or an application is needed",
            ));
        }
        let filter = DeploymentFilter {
            application,
            environment,
            unfinished: false,
        };
        let found = self.parts.store.deployments(&filter, page).await?;
        let mut rows = Vec::with_capacity(found.rows.len());
        for deployment in found.rows {
            let scene = self
                .load_scene(context, Action::ViewApplication, deployment.environment)
                .await?;
            rows.push(self.deployment_view(&scene, deployment).await?);
        }
        Ok(Page {
            rows,
            count: found.count,
            next: found.next,
        })
    }

    /// A deployment.
    pub async fn deployment(
        &self,
        context: &Context,
        id: DeploymentId,
    ) -> Result<DeploymentView, Error> {
        let (deployment, scene) = self
            .load_deployment(context, Action::ViewApplication, id)
            .await?;
        self.deployment_view(&scene, deployment).await
    }

    async fn deployment_view(
        &self,
        scene: &Scene,
        deployment: Deployment,
    ) -> Result<DeploymentView, Error> {
        let status = if deployment.status.is_finished() {
            deployment.status
        } else {
            let operation = self.parts.store.load(deployment.operation).await?;
            operation.map_or(DeploymentStatus::Queued, |operation| {
                running_status(&operation)
            })
        };
        let release = self.parts.store.release(deployment.release).await?;
        let (variables, release_number) = match release {
            Some(release) => (
                release.variables,
                (release.number > 0).then_some(release.number),
            ),
            None => (Vec::new(), None),
        };
        Ok(DeploymentView {
            deployment,
            status,
            variables,
            release_number,
            site_url: self.parts.site_url(scene),
        })
    }

    /// The log of a deployment, as it is now.
    pub async fn deployment_log(
        &self,
        context: &Context,
        id: DeploymentId,
    ) -> Result<String, Error> {
        self.load_deployment(context, Action::ReadLogs, id).await?;
        self.parts
            .logs
            .read(id)
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// The log of a deployment from the byte `from` on, as it grows.
    pub async fn follow_deployment_log(
        &self,
        context: &Context,
        id: DeploymentId,
        from: u64,
    ) -> Result<BoxStream<'static, Result<String, logs::Error>>, Error> {
        self.load_deployment(context, Action::ReadLogs, id).await?;
        self.parts
            .logs
            .follow(id, from)
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    /// Asks a deployment to stop before its pivot.
    pub async fn cancel_deployment(
        &self,
        context: &Context,
        id: DeploymentId,
    ) -> Result<DeploymentView, Error> {
        let (deployment, _) = self
            .load_deployment(context, Action::CancelOperation, id)
            .await?;
        if deployment.status.is_finished() {
            return Err(Error::refused(
                "finished",
                format!("deployment {id} has ended already; there is nothing to cancel"),
            ));
        }
        self.cancel_operation(context, deployment.operation).await?;
        self.deployment(context, id).await
    }

    /// The id of the running release.
    pub(crate) fn running(scene: &Scene) -> Result<ReleaseId, Error> {
        scene.environment.running_release.ok_or_else(|| {
            Error::refused(
                "not_deployed",
                format!("'{}' has not been deployed yet", scene.title()),
            )
        })
    }
}

fn running_status(operation: &Operation) -> DeploymentStatus {
    operation
        .steps
        .iter()
        .find(|step| !matches!(step.state, StepState::Done))
        .filter(|step| {
            step.state != StepState::Todo || operation.steps.iter().any(|step| step.attempt > 0)
        })
        .map_or(DeploymentStatus::Queued, |step| status_of_step(&step.name))
}
