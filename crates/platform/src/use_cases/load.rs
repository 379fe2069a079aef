//! Loading objects for a caller that wants to do something with them: what it may not see does not exist for it,
//! what it may not do is refused.

use windlass_model::access::Action;
use windlass_model::id::{
    ApplicationId, DeploymentId, EnvironmentId, InstanceId, OperationId, OrganisationId,
};
use windlass_operations::{Failure, Operation, StoreError, Subject};
use windlass_records::{Application, Deployment, Instance, Organisation};

use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::Error;
use crate::parts::Parts;
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
    pub(crate) async fn load_organisation(
        &self,
        context: &Context,
        action: Action,
        id: OrganisationId,
    ) -> Result<Organisation, Error> {
        let missing = || Error::not_found("organisation", id);
        let all = self.parts.store.organisations().await?;
        let found = all.into_iter().find(|organisation| organisation.id == id);
        let organisation = found.ok_or_else(missing)?;
        authorize(context, action, &organisation, missing)?;
        Ok(organisation)
    }

    pub(crate) async fn load_application(
        &self,
        context: &Context,
        action: Action,
        id: ApplicationId,
    ) -> Result<Application, Error> {
        let missing = || Error::not_found("application", id);
        let application = self.parts.store.application(id).await?;
        let application = application.ok_or_else(missing)?;
        authorize(context, action, &application, missing)?;
        Ok(application)
    }

    pub(crate) async fn load_scene(
        &self,
        context: &Context,
        action: Action,
        id: EnvironmentId,
    ) -> Result<Scene, Error> {
        self.load_scene_of(context, action, id, || Error::not_found("environment", id))
            .await
    }

    /// The scene of an object that is `missing` where the scene is.
    async fn load_scene_of(
        &self,
        context: &Context,
        action: Action,
        id: EnvironmentId,
        missing: impl Fn() -> Error + Send + Sync,
    ) -> Result<Scene, Error> {
        let environment = self.parts.store.environment(id).await?;
        let environment = environment.ok_or_else(&missing)?;
        let application = self.parts.store.application(environment.application);
        let application = application.await?.ok_or_else(&missing)?;
        authorize(context, action, &application, &missing)?;
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
        action: Action,
        id: InstanceId,
    ) -> Result<(Instance, Scene), Error> {
        let missing = || Error::not_found("service instance", id);
        let instance = self.parts.store.instance(id).await?.ok_or_else(missing)?;
        let scene = self.load_scene_of(context, action, instance.environment, missing);
        let scene = scene.await?;
        Ok((instance, scene))
    }

    pub(crate) async fn load_deployment(
        &self,
        context: &Context,
        action: Action,
        id: DeploymentId,
    ) -> Result<(Deployment, Scene), Error> {
        let missing = || Error::not_found("deployment", id);
        let deployment = self.parts.store.deployment(id).await?.ok_or_else(missing)?;
        let scene = self.load_scene_of(context, action, deployment.environment, missing);
        let scene = scene.await?;
        Ok((deployment, scene))
    }

    pub(crate) async fn load_operation(
        &self,
        context: &Context,
        action: Action,
        id: OperationId,
    ) -> Result<Operation, Error> {
        let missing = || Error::not_found("operation", id);
        let operation = self.parts.store.load(id).await?.ok_or_else(missing)?;
        self.authorize_operation(context, action, &operation)
            .await?;
        Ok(operation)
    }

    /// Authorises on an operation; what it is about may be gone.
    pub(crate) async fn authorize_operation(
        &self,
        context: &Context,
        action: Action,
        operation: &Operation,
    ) -> Result<(), Error> {
        let missing = || Error::not_found("operation", operation.id);
        let organisation: OrganisationId = operation.tenant.parse().map_err(|_| missing())?;
        // Only a token that is for one application asks which one it is.
        let application = match context.scope.application() {
            Some(_) => self.parts.application_of(&operation.subject).await?,
            None => None,
        };
        let place = Place::Application(organisation, application);
        authorize(context, action, &place, missing)
    }
}

impl Parts {
    /// The application that an operation with this subject is about, if that is known still.
    pub(crate) async fn application_of(
        &self,
        subject: &Subject,
    ) -> Result<Option<ApplicationId>, StoreError> {
        let environment = match subject.kind.as_str() {
            "application" => return Ok(subject.id.parse().ok()),
            "service_instance" => match subject.id.parse() {
                Ok(id) => self
                    .store
                    .instance(id)
                    .await?
                    .map(|found| found.environment),
                Err(_) => None,
            },
            _ => subject.id.parse().ok(),
        };
        let Some(environment) = environment else {
            return Ok(None);
        };
        let found = self.store.environment(environment).await?;
        Ok(found.map(|environment| environment.application))
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
