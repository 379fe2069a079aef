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
        let page = PageRequest::first(u32::MAX);
        let applications = self
            .store
            .applications(&ApplicationFilter::default(), &page)
            .await
            .map_err(|error| failures::store(&error))?;
        let applications: HashMap<ApplicationId, Application> = applications
            .rows
            .into_iter()
            .filter(|application| application.region == id)
            .map(|application| (application.id, application))
            .collect();
        let environments = self.store.all_environments().await;
        let environments = environments.map_err(|error| failures::store(&error))?;
        Ok(environments
            .into_iter()
            .filter_map(|environment| {
                let application = applications.get(&environment.application)?.clone();
                Some(Scene {
                    environment,
                    application,
                    region: region.clone(),
                })
            })
            .collect())
    }
}
