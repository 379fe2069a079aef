//! Applications.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::{OrganisationId, RepositoryId};
use windlass_platform::{EnvironmentView, NewApplication, PlanGroup};
use windlass_records::{Application, ReleaseCommand};

use super::time;

/// An application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Application)]
pub(crate) struct ApplicationItem {
    uuid: String,
    slug: String,
    name: String,
    organisation: String,
    region: String,
    /// The id of its repository: its own id, or that of the one elsewhere.
    repository: String,
    created_at: String,
    /// Whether it is being removed.
    removing: bool,
}

impl From<Application> for ApplicationItem {
    fn from(application: Application) -> Self {
        Self {
            uuid: application.id.to_string(),
            slug: application.slug.to_string(),
            name: application.name,
            organisation: application.organisation.to_string(),
            region: application.region.to_string(),
            repository: application
                .repository
                .map_or_else(|| application.id.to_string(), |id| id.to_string()),
            created_at: time(application.created_at),
            removing: application.removing,
        }
    }
}

/// A command that runs in the new image before the switch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ReleaseCommand)]
pub(crate) struct ReleaseCommandItem {
    /// Its name for people.
    label: String,
    /// Given to `sh -c`.
    command: String,
}

impl From<ReleaseCommand> for ReleaseCommandItem {
    fn from(command: ReleaseCommand) -> Self {
        Self {
            label: command.label,
            command: command.command,
        }
    }
}

impl From<ReleaseCommandItem> for ReleaseCommand {
    fn from(command: ReleaseCommandItem) -> Self {
        Self {
            label: command.label,
            command: command.command,
        }
    }
}

/// An environment of an application, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnvironmentName {
    uuid: String,
    slug: String,
}

/// Where an environment's site is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SiteStatus {
    pub(crate) uuid: String,
    #[schema(required)]
    pub(crate) site_url: Option<String>,
}

/// An application, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationDetail {
    #[serde(flatten)]
    item: ApplicationItem,
    release_commands: Vec<ReleaseCommandItem>,
    plan_group: &'static str,
    environments: Vec<EnvironmentName>,
    /// One `<environment>_status` for each environment.
    #[serde(flatten)]
    statuses: BTreeMap<String, SiteStatus>,
}

impl ApplicationDetail {
    pub(crate) fn new(application: Application, environments: Vec<EnvironmentView>) -> Self {
        let names = environments
            .iter()
            .map(|view| EnvironmentName {
                uuid: view.scene.environment.id.to_string(),
                slug: view.scene.environment.slug.to_string(),
            })
            .collect();
        let statuses = environments
            .into_iter()
            .map(|view| {
                let uuid = view.scene.environment.id.to_string();
                (
                    format!("{}_status", view.scene.environment.slug),
                    SiteStatus {
                        uuid,
                        site_url: view.site_url,
                    },
                )
            })
            .collect();
        let release_commands = application
            .release_commands
            .clone()
            .into_iter()
            .map(Into::into)
            .collect();
        Self {
            item: application.into(),
            release_commands,
            plan_group: PlanGroup::ONLY,
            environments: names,
            statuses,
        }
    }
}

/// An application to be created. Without `slug` or `name` nothing is created: what is given is checked.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateApplication {
    /// Its name in host names and repositories.
    pub(crate) slug: Option<String>,
    /// Its name for people.
    pub(crate) name: Option<String>,
    /// The caller's without.
    #[schema(value_type = Option<String>)]
    organisation: Option<OrganisationId>,
    /// By id or name; that of the server's machine without.
    region: Option<String>,
    /// The branch of its first environments; `main` without.
    branch: Option<String>,
    release_commands: Option<Vec<ReleaseCommandItem>>,
    /// The URL of the zip archive that its repository begins with.
    app_template: Option<String>,
    /// A registered repository elsewhere that has its code.
    #[schema(value_type = Option<String>)]
    repository: Option<RepositoryId>,
    /// There is one.
    plan_group: Option<String>,
}

impl From<CreateApplication> for NewApplication {
    fn from(body: CreateApplication) -> Self {
        Self {
            slug: body.slug.unwrap_or_default(),
            name: body.name,
            organisation: body.organisation,
            region: body.region,
            branch: body.branch,
            release_commands: body
                .release_commands
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            template: body.app_template.filter(|url| !url.is_empty()),
            repository: body.repository,
            plan_group: body.plan_group,
        }
    }
}

/// What changes of an application.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeApplication {
    pub(crate) release_commands: Vec<ReleaseCommandItem>,
}
