//! An environment with what it belongs to: loaded together nearly everywhere.

use std::collections::HashMap;

use windlass_engine::Labels;
use windlass_model::id::{ApplicationId, EnvironmentId, RegionId};
use windlass_operations::Failure;
use windlass_records::{Application, ApplicationFilter, Environment, PageRequest, Region};

use crate::parts::Parts;
use crate::{failures, naming};

/// An environment, its application and its region.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The environment.
    pub environment: Environment,
    /// Its application.
    pub application: Application,
    /// Its region.
    pub region: Region,
}

impl Scene {
    /// The labels of what belongs to the environment.
    pub(crate) fn labels(&self, installation: &str) -> Labels {
        naming::environment_labels(
            installation,
            self.application.organisation,
            self.application.id,
            self.environment.id,
        )
    }

    /// The host under which it is served.
    pub fn host(&self) -> String {
        naming::host(
            &self.application.slug,
            &self.environment.slug,
            &self.region.domain,
        )
    }

    /// For people: `application/environment`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.application.slug, self.environment.slug)
    }
}

impl Parts {
    /// The environment that must be there, with what it belongs to.
    pub(crate) async fn scene(&self, id: EnvironmentId) -> Result<Scene, Failure> {
        let environment = self
            .store
            .environment(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("environment {id} is not in the store")))?;
        let application = self.application(environment.application).await?;
        let region = self.region(application.region).await?;
        Ok(Scene {
            environment,
            application,
            region,
        })
    }

    /// An application that must be there.
    pub(crate) async fn application(&self, id: ApplicationId) -> Result<Application, Failure> {
        self.store
            .application(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("application {id} is not in the store")))
    }

    /// Every environment of a region, with what it belongs to.
    pub(crate) async fn environments_of(&self, id: RegionId) -> Result<Vec<Scene>, Failure> {
        let region = self.region(id).await?;
        let applications = self.all_applications().await?;
        let environments = self.store.all_environments().await;
        let environments = environments.map_err(|error| failures::store(&error))?;
        Ok(environments
            .into_iter()
            .filter_map(|environment| {
                let application = applications.get(&environment.application)?;
                (application.region == id).then(|| Scene {
                    environment,
                    application: application.clone(),
                    region: region.clone(),
                })
            })
            .collect())
    }

    /// In which region each environment is.
    pub(crate) async fn regions_of_environments(
        &self,
    ) -> Result<HashMap<EnvironmentId, RegionId>, Failure> {
        let applications = self.all_applications().await?;
        let environments = self.store.all_environments().await;
        let environments = environments.map_err(|error| failures::store(&error))?;
        let places = environments.into_iter().filter_map(|environment| {
            let application = applications.get(&environment.application)?;
            Some((environment.id, application.region))
        });
        Ok(places.collect())
    }

    async fn all_applications(&self) -> Result<HashMap<ApplicationId, Application>, Failure> {
        let all = self
            .store
            .applications(&ApplicationFilter::default(), &PageRequest::first(u32::MAX))
            .await
            .map_err(|error| failures::store(&error))?;
        let rows = all.rows.into_iter();
        Ok(rows
            .map(|application| (application.id, application))
            .collect())
    }
}
