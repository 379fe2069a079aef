//! Deployments.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::EnvironmentId;
use windlass_platform::{
    BuildMode as Mode, DeployRequest, DeploymentView, PinnedVariable, RequestedSource,
};
use windlass_records::DeploymentStatus;

use super::time;
use crate::error::ApiError;
use crate::extract::boolean;

/// A deployment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deployment)]
pub(crate) struct DeploymentItem {
    uuid: String,
    environment: String,
    /// Its number in the environment, from 1.
    number: u32,
    operation: String,
    /// `QUEUED`, `PROVISIONING`, `BUILDING`, `RELEASING`, `SCALING`, `CHECKING`, `SWITCHING`, `COMPLETED`,
    /// `FAILED`, `CANCELLED`.
    status: &'static str,
    percent: u8,
    /// Null until it has ended.
    #[schema(required)]
    success: Option<bool>,
    started_at: String,
    #[schema(required)]
    ended_at: Option<String>,
    #[schema(required)]
    commit: Option<String>,
    actor: String,
    #[schema(required)]
    failed_step: Option<String>,
    #[schema(required)]
    error: Option<String>,
    #[schema(required)]
    hint: Option<String>,
    /// The number of the release that it made.
    #[schema(required)]
    release_number: Option<u32>,
    site_url: String,
}

impl From<DeploymentView> for DeploymentItem {
    fn from(view: DeploymentView) -> Self {
        let DeploymentView {
            deployment,
            status,
            release_number,
            site_url,
            ..
        } = view;
        Self {
            uuid: deployment.id.to_string(),
            environment: deployment.environment.to_string(),
            number: deployment.number,
            operation: deployment.operation.to_string(),
            status: status.as_str(),
            percent: status.percent(),
            success: status
                .is_finished()
                .then_some(status == DeploymentStatus::Completed),
            started_at: time(deployment.started_at),
            ended_at: deployment.ended_at.map(time),
            commit: deployment.commit,
            actor: deployment.actor,
            failed_step: deployment.failed_step,
            error: deployment.error,
            hint: deployment.hint,
            release_number,
            site_url,
        }
    }
}

/// A deployment, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentDetail {
    #[serde(flatten)]
    item: DeploymentItem,
    /// The names of the variables that its release pins.
    environment_variables: Vec<String>,
}

impl From<DeploymentView> for DeploymentDetail {
    fn from(view: DeploymentView) -> Self {
        let environment_variables = view
            .variables
            .iter()
            .map(|variable| variable.name.to_string())
            .collect();
        Self {
            item: view.into(),
            environment_variables,
        }
    }
}

/// A repository elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RemoteSource {
    /// A path of the server's machine, or a URL.
    url: String,
    /// The environment's without.
    branch: Option<String>,
}

/// How code becomes an image.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum BuildMode {
    /// The image of a release of the same commit is used again; without one it is built.
    Auto,
    /// The image of a release of the same commit is used again; without one the deployment is refused.
    Adopt,
    /// Built anew, without layers of earlier builds.
    Force,
}

impl From<BuildMode> for Mode {
    fn from(mode: BuildMode) -> Self {
        match mode {
            BuildMode::Auto => Self::Auto,
            BuildMode::Adopt => Self::Adopt,
            BuildMode::Force => Self::Force,
        }
    }
}

/// A deployment to be begun, or planned.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateDeployment {
    #[schema(value_type = String)]
    environment: EnvironmentId,
    /// `AUTO` without.
    build_mode: Option<BuildMode>,
    /// A ready image; nothing is built.
    image: Option<String>,
    /// A repository elsewhere instead of the application's own.
    source: Option<RemoteSource>,
    /// Whether layers of earlier builds may be used.
    #[serde(default, deserialize_with = "boolean")]
    cache: Option<bool>,
}

impl CreateDeployment {
    pub(crate) fn request(self) -> Result<DeployRequest, ApiError> {
        let source = match (self.image, self.source) {
            (Some(_), Some(_)) => {
                return Err(ApiError::field(
                    "image",
                    "either 'image' or 'source' can be given",
                ));
            }
            (Some(image), None) => RequestedSource::Image(image),
            (None, Some(source)) => RequestedSource::Remote {
                url: source.url,
                branch: source.branch,
            },
            (None, None) => RequestedSource::Branch,
        };
        let cache = self.cache.unwrap_or_default();
        if cache && matches!(self.build_mode, Some(BuildMode::Force)) {
            return Err(ApiError::field(
                "cache",
                "a build of mode FORCE uses no earlier layers; leave one of the two out",
            ));
        }
        Ok(DeployRequest {
            environment: self.environment,
            source,
            cache,
            build_mode: self.build_mode.map(Into::into).unwrap_or_default(),
        })
    }
}

/// The log of a deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentLog {
    pub(crate) uuid: String,
    pub(crate) logs: String,
}

/// The variables that a deployment's release pins.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeploymentVariables {
    uuid: String,
    environment: String,
    /// Null where a value is hidden, or its service gone.
    environment_variables: BTreeMap<String, Option<String>>,
}

impl DeploymentVariables {
    pub(crate) fn new(view: &DeploymentView, variables: Vec<PinnedVariable>) -> Self {
        Self {
            uuid: view.deployment.id.to_string(),
            environment: view.deployment.environment.to_string(),
            environment_variables: variables
                .into_iter()
                .map(|variable| {
                    (
                        variable.name.to_string(),
                        variable.value.map(|value| value.expose_secret().to_owned()),
                    )
                })
                .collect(),
        }
    }
}
