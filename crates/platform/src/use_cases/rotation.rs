//! Rotating the credentials of an instance: a deployment of what runs, with another user.

use std::time::Duration;

use windlass_model::access::Action;
use windlass_model::id::InstanceId;
use windlass_model::instance::InstanceState;

use super::deployments::{Composed, DeploymentView};
use super::instances::instance_title;
use super::load::not_removing;
use crate::context::Context;
use crate::definitions::deployment::snapshot::Rotation;
use crate::error::Error;
use crate::platform::Platform;

/// How long replaced credentials stay valid while they have sessions, if the user does not say.
pub const DEFAULT_GRACE: Duration = Duration::from_hours(1);
/// The longest that they may.
const LONGEST_GRACE: Duration = Duration::from_hours(7 * 24);

impl Platform {
    /// Gives an attached instance new credentials: a user of its own is made, a deployment of the running
    /// release's image, variables and services brings it to the application, and the former user is revoked
    /// when it has no session left, or after `grace`. Nothing else changes; what is wished of the next
    /// deployment stays wished.
    ///
    /// # Errors
    /// The instance is not attached, its type has no credentials, the release cannot be started again, or
    /// `grace` is longer than a week.
    pub async fn rotate_instance(
        &self,
        context: &Context,
        id: InstanceId,
        grace: Duration,
    ) -> Result<DeploymentView, Error> {
        let (submission, changes) = self.compose_rotation(context, id, grace).await?;
        self.begin(context, submission, changes).await
    }

    pub(crate) async fn compose_rotation(
        &self,
        context: &Context,
        id: InstanceId,
        grace: Duration,
    ) -> Result<Composed, Error> {
        let (instance, scene) = self
            .load_instance(context, Action::RotateCredentials, id)
            .await?;
        not_removing(&scene.application)?;
        self.refuse_second_early(context, &scene).await?;
        if grace > LONGEST_GRACE {
            return Err(Error::invalid(
                "grace_seconds",
                format!("at most {} are possible: a week", LONGEST_GRACE.as_secs()),
            ));
        }
        let title = instance_title(&scene, &instance);
        let service = self.parts.service(instance.service).await?;
        if !self.parts.driver(&service)?.has_credentials() {
            return Err(Error::refused(
                "no_credentials",
                format!(
                    "{title} has no credentials to be rotated: the type '{}' has no users, and only its environment's \
                     network reaches it",
                    service.driver
                ),
            ));
        }
        let release = match scene.environment.running_release {
            Some(release) => self.parts.store.release(release).await?,
            None => None,
        };
        let release = release.filter(|release| {
            let mut pinned = release.bindings.iter();
            pinned.any(|pinned| pinned.instance == id)
        });
        let Some(release) = release else {
            let next = match instance.state {
                InstanceState::New
                | InstanceState::Provisioning
                | InstanceState::PendingAttachment => {
                    "the deployment that attaches it makes its credentials"
                }
                _ => "what was detached has no credentials any more; attach it again first",
            };
            return Err(Error::refused(
                "not_attached",
                format!("{title} is not attached, so no credentials of it are in use: {next}"),
            ));
        };
        let mut params = self.taken_up(&scene, release).await?;
        params.rotation = Some(Rotation {
            instance: id,
            grace_seconds: u32::try_from(grace.as_secs()).unwrap_or(u32::MAX),
        });
        self.compose(context, &scene, params).await
    }
}
