//! Templates and plan groups.

use serde::Serialize;
use utoipa::ToSchema;
use windlass_platform::{PlanGroup, Template, TemplateService};

use super::application::ReleaseCommandItem;

/// What a new application can begin with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppTemplate)]
pub(crate) struct TemplateItem {
    /// Its name for machines.
    uuid: String,
    name: String,
    /// Where its archive is: the `app_template` of a new application.
    url: String,
}

impl TemplateItem {
    pub(crate) fn new(template: &Template, url: String) -> Self {
        Self {
            uuid: template.name.to_string(),
            name: template.title.clone(),
            url,
        }
    }
}

/// A service that a template needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NeededService {
    /// The `identifier` of the service.
    id: String,
    prefix: String,
}

/// A template, whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppTemplateDetail)]
pub(crate) struct TemplateDetail {
    #[serde(flatten)]
    item: TemplateItem,
    release_commands: Vec<ReleaseCommandItem>,
    services: Vec<NeededService>,
}

impl TemplateDetail {
    pub(crate) fn new(template: &Template, url: String, services: Vec<TemplateService>) -> Self {
        let commands = template.release_commands.iter().cloned();
        Self {
            item: TemplateItem::new(template, url),
            release_commands: commands.map(Into::into).collect(),
            services: services
                .into_iter()
                .map(|needed| NeededService {
                    id: needed.service,
                    prefix: needed.prefix,
                })
                .collect(),
        }
    }
}

/// What applications may use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanGroup)]
pub(crate) struct PlanGroupItem {
    uuid: &'static str,
    name: &'static str,
    /// The ids of the regions in which they may run.
    regions: Vec<String>,
}

impl From<PlanGroup> for PlanGroupItem {
    fn from(group: PlanGroup) -> Self {
        Self {
            uuid: group.id,
            name: group.name,
            regions: group.regions.iter().map(ToString::to_string).collect(),
        }
    }
}
