//! An environment with what it belongs to: loaded together nearly everywhere.

use windlass_engine::Labels;
use windlass_model::id::EnvironmentId;
use windlass_operations::Failure;
use windlass_records::{Application, Environment, Region};

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
        let missing = |what: &str| {
            failures::internal(format!("{what} of environment {id} is not in the store"))
        };
        let environment = self
            .store
            .environment(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| missing("the row"))?;
        let application = self
            .store
            .application(environment.application)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| missing("the application"))?;
        let region = self.region(application.region).await?;
        Ok(Scene {
            environment,
            application,
            region,
        })
    }
}
