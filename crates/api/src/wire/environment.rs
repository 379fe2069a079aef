//! Environments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::{ApplicationId, EnvironmentId};
use windlass_platform::{CopyEnvironment as Copy, EnvironmentView, NewEnvironment, RuntimeLine};
use windlass_records::Deployment;

use super::application::SiteStatus;
use super::millis;

/// A reference to an object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reference {
    uuid: String,
}

impl From<Deployment> for Reference {
    fn from(deployment: Deployment) -> Self {
        Self {
            uuid: deployment.id.to_string(),
        }
    }
}

/// An environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
pub(crate) struct EnvironmentItem {
    uuid: String,
    slug: String,
    application: String,
    branch: String,
    /// Null before its first release.
    #[schema(required)]
    site_url: Option<String>,
    #[schema(required)]
    last_deployment: Option<Reference>,
    #[schema(required)]
    last_finished_deployment: Option<Reference>,
    /// The id of the release that runs.
    #[schema(required)]
    running_release: Option<String>,
    /// `<slug>_status`, for clients that know environments by name.
    #[serde(flatten)]
    status: BTreeMap<String, SiteStatus>,
}

impl From<EnvironmentView> for EnvironmentItem {
    fn from(view: EnvironmentView) -> Self {
        let environment = view.scene.environment;
        let uuid = environment.id.to_string();
        let status = SiteStatus {
            uuid: uuid.clone(),
            site_url: view.site_url.clone(),
        };
        Self {
            uuid,
            application: environment.application.to_string(),
            branch: environment.branch.to_string(),
            site_url: view.site_url,
            last_deployment: view.last_deployment.map(Into::into),
            last_finished_deployment: view.last_finished_deployment.map(Into::into),
            running_release: environment.running_release.map(|id| id.to_string()),
            status: BTreeMap::from([(format!("{}_status", environment.slug), status)]),
            slug: environment.slug.to_string(),
        }
    }
}

/// An environment to be created.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateEnvironment {
    #[schema(value_type = String)]
    application: ApplicationId,
    slug: String,
    /// Its slug without.
    branch: Option<String>,
}

impl From<CreateEnvironment> for NewEnvironment {
    fn from(body: CreateEnvironment) -> Self {
        Self {
            application: body.application,
            slug: body.slug,
            branch: body.branch,
        }
    }
}

/// An environment to be made from another.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CopyEnvironment {
    /// The name of the new one.
    new_slug: String,
    /// Its branch; the other's without.
    branch: Option<String>,
}

impl CopyEnvironment {
    pub(crate) fn of(self, from: EnvironmentId) -> Copy {
        Copy {
            from,
            slug: self.new_slug,
            branch: self.branch,
        }
    }
}

/// What changes of an environment.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeEnvironment {
    pub(crate) branch: String,
}

/// A line that a process of an environment wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogLine {
    timestamp: String,
    /// The process.
    service: String,
    message: String,
}

impl From<RuntimeLine> for LogLine {
    fn from(line: RuntimeLine) -> Self {
        Self {
            timestamp: millis(line.at_millis),
            service: line.process,
            message: line.text,
        }
    }
}

/// Lines of an environment's processes, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogLines {
    /// Always a URL: it gives the lines that are newer than these.
    pub(crate) next: String,
    /// Always null.
    #[schema(required)]
    pub(crate) previous: Option<String>,
    pub(crate) results: Vec<LogLine>,
}
