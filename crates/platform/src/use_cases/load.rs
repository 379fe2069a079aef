//! Loading objects for a caller: what belongs to another organisation does not exist for it.

use windlass_model::id::{ApplicationId, DeploymentId, EnvironmentId, InstanceId};
use windlass_operations::Failure;
use windlass_records::{Application, Deployment, Instance};

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;
use crate::scene::Scene;

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let message = match failure.hint {
            Some(hint) => format!("{} {hint}", with_stop(&failure.message)),
            None => failure.message,
        };
        match failure.code.as_str() {
            "internal" => Self::Internal(message),
            "store" | "engine_unreachable" | "cluster_unreachable" | "router" => {
                Self::Unavailable(message)
            }
            _ => Self::refused("refused", message),
        }
    }
}

fn with_stop(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

impl Platform {
    pub(crate) async fn load_application(
        &self,
        context: &Context,
        id: ApplicationId,
    ) -> Result<Application, Error> {
        match self.parts.store.application(id).await? {
            Some(application) if application.organisation == context.organisation => {
                Ok(application)
            }
            _ => Err(Error::not_found("application", id)),
        }
    }

    pub(crate) async fn load_scene(
        &self,
        context: &Context,
        id: EnvironmentId,
    ) -> Result<Scene, Error> {
        let missing = || Error::not_found("environment", id);
        let environment = self
            .parts
            .store
            .environment(id)
            .await?
            .ok_or_else(missing)?;
        let application = self
            .load_application(context, environment.application)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => missing(),
                other => other,
            })?;
        let region = self.parts.region(application.region).await?;
        Ok(Scene {
            environment,
            application,
            region,
        })
    }

    pub(crate) async fn load_instance(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<(Instance, Scene), Error> {
        let missing = || Error::not_found("service instance", id);
        let instance = self.parts.store.instance(id).await?.ok_or_else(missing)?;
        let scene = self
            .load_scene(context, instance.environment)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => missing(),
                other => other,
            })?;
        Ok((instance, scene))
    }

    pub(crate) async fn load_deployment(
        &self,
        context: &Context,
        id: DeploymentId,
    ) -> Result<(Deployment, Scene), Error> {
        let missing = || Error::not_found("deployment", id);
        let deployment = self.parts.store.deployment(id).await?.ok_or_else(missing)?;
        let scene = self
            .load_scene(context, deployment.environment)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => missing(),
                other => other,
            })?;
        Ok((deployment, scene))
    }
}

/// Refuses what would begin while the application is being removed.
pub(crate) fn not_removing(application: &Application) -> Result<(), Error> {
    if application.removing {
        return Err(Error::refused(
            "being_removed",
            format!("application '{}' is being removed", application.slug),
        ));
    }
    Ok(())
}
