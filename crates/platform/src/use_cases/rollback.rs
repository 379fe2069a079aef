//! Rolling back: a deployment of what an earlier release pinned.

use windlass_engine::{ImageId, ImageReference};
use windlass_model::access::Action;
use windlass_model::id::EnvironmentId;
use windlass_model::instance::InstanceState;
use windlass_model::variables::VariableSource;
use windlass_records::{PageRequest, Release};

use super::deployments::{Composed, DeploymentView};
use super::load::not_removing;
use crate::context::Context;
use crate::definitions::deployment::snapshot::{Params, Rollback, WishedInstance};
use crate::error::Error;
use crate::failures;
use crate::ids;
use crate::instance_work::Patience;
use crate::platform::Platform;
use crate::scene::Scene;

impl Platform {
    /// Makes release `number` run again: its image, its variables, its bindings. Refused, before anything
    /// is touched, when one of them cannot be had any more.
    pub async fn rollback(
        &self,
        context: &Context,
        environment: EnvironmentId,
        number: u32,
    ) -> Result<DeploymentView, Error> {
        let (submission, changes) = self.compose_rollback(context, environment, number).await?;
        self.begin(context, submission, changes).await
    }

    /// Checks the request and takes the snapshot: the operation and the rows, not written yet.
    pub(crate) async fn compose_rollback(
        &self,
        context: &Context,
        environment: EnvironmentId,
        number: u32,
    ) -> Result<Composed, Error> {
        let scene = self
            .load_scene(context, Action::Deploy, environment)
            .await?;
        not_removing(&scene.application)?;
        self.refuse_second_early(context, &scene).await?;
        let release = self.numbered_release(&scene, number).await?;
        if scene.environment.running_release == Some(release.id) {
            return Err(Error::refused(
                "running",
                format!(
                    "release {number} of '{}' is the running one already; name another release",
                    scene.title()
                ),
            ));
        }
        let params = self.taken_up(&scene, release).await?;
        self.compose(context, &scene, params).await
    }

    /// The snapshot of a deployment that takes a release up again as it was; refused when something of it
    /// cannot be had any more.
    pub(super) async fn taken_up(&self, scene: &Scene, release: Release) -> Result<Params, Error> {
        let instances = self.check_rollback(scene, &release).await?;
        Ok(Params {
            deployment: ids::mint(),
            environment: scene.environment.id,
            release: ids::mint(),
            previous: scene.environment.running_release,
            source: None,
            rollback: Some(Rollback {
                release: release.id,
                number: release.number,
                image: ImageId(release.image.clone()),
                processes: release.processes,
                commit: release.commit,
            }),
            rotation: None,
            cache: false,
            adopt: None,
            release_commands: Vec::new(),
            instances,
            variables: release
                .variables
                .into_iter()
                .filter(|variable| variable.source != VariableSource::Service)
                .collect(),
            hosts: release.hosts,
            patience: Patience::default(),
        })
    }

    pub(crate) async fn numbered_release(
        &self,
        scene: &Scene,
        number: u32,
    ) -> Result<Release, Error> {
        let releases = self
            .parts
            .store
            .releases(scene.environment.id, &PageRequest::first(u32::MAX))
            .await?
            .rows;
        // Numbers are given without gaps, and the newest is always kept.
        let newest = releases.first().map_or(0, |release| release.number);
        match releases
            .into_iter()
            .find(|release| release.number == number)
        {
            Some(release) => Ok(release),
            None if (1..newest).contains(&number) => Err(Error::refused(
                "not_kept",
                format!(
                    "release {number} of '{}' is not kept any more: the newest {} of an environment are. Choose one that 'windlass releases' lists, or deploy its commit again",
                    scene.title(),
                    self.parts.settings.keep().releases
                ),
            )),
            None => Err(Error::not_found(
                "release",
                format!("{number} of {}", scene.title()),
            )),
        }
    }

    async fn check_rollback(
        &self,
        scene: &Scene,
        release: &Release,
    ) -> Result<Vec<WishedInstance>, Error> {
        let refused = |message: String| {
            Error::refused(
                "rollback_impossible",
                format!(
                    "release {} cannot be taken up again: {message}",
                    release.number
                ),
            )
        };
        let engine = self.parts.engine(scene.region.id)?;
        let image = engine
            .image(&ImageReference(release.image.clone()))
            .await
            .map_err(|error| Error::from(failures::engine(&error)))?;
        if image.is_none() {
            return Err(refused(
                "its image is not on the engine any more; deploy its commit instead".to_owned(),
            ));
        }
        let mut instances = Vec::new();
        for pinned in &release.bindings {
            let instance = self.parts.store.instance(pinned.instance).await?;
            let state = instance
                .as_ref()
                .map_or(InstanceState::Removed, |instance| instance.state);
            match state {
                InstanceState::PendingAttachment
                | InstanceState::Attached
                | InstanceState::PendingDetachment => {}
                InstanceState::Detached => {
                    return Err(refused(format!(
                        "the service with the prefix {} that it uses is detached; attach it again first",
                        pinned.prefix
                    )));
                }
                InstanceState::Removing
                | InstanceState::Removed
                | InstanceState::New
                | InstanceState::Provisioning => {
                    return Err(refused(format!(
                        "the service with the prefix {} that it uses has been removed",
                        pinned.prefix
                    )));
                }
            }
            instances.push(WishedInstance {
                instance: pinned.instance,
                prefix: pinned.prefix.clone(),
                url_scheme: pinned.url_scheme.clone(),
                profile: pinned.profile,
                media_host: pinned.media_host.clone(),
                provision: false,
            });
        }
        Ok(instances)
    }
}
