//! Templates: what a new application can begin with. The operator names them; none is built in.

use bytes::Bytes;
use windlass_delivery::build;
use windlass_model::names::TemplateName;
use windlass_records::ReleaseCommand;

/// A template that the operator named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name for machines, and its id.
    pub name: TemplateName,
    /// Its name for people.
    pub title: String,
    /// Where its archive is.
    pub content: TemplateContent,
    /// What its applications run before each switch.
    pub release_commands: Vec<ReleaseCommand>,
    /// What its applications need.
    pub services: Vec<TemplateService>,
}

/// A service that a template needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateService {
    /// The identifier of the service, or the name of its type.
    pub service: String,
    /// The prefix of the instance.
    pub prefix: String,
}

/// Where the archive of a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateContent {
    /// At a URL of somebody else.
    Url(String),
    /// With this server, which gives it away.
    Archive(Bytes),
}

impl Template {
    /// Where the archive is fetched from.
    pub fn url(&self, public_url: &str) -> String {
        match &self.content {
            TemplateContent::Url(url) => url.clone(),
            TemplateContent::Archive(_) => format!(
                "{}/templates/{}.zip",
                public_url.trim_end_matches('/'),
                self.name
            ),
        }
    }

    /// For the builder.
    pub(crate) fn order(&self) -> build::Template {
        match &self.content {
            TemplateContent::Url(url) => build::Template::Fetched {
                url: url.clone(),
                is_named: true,
            },
            TemplateContent::Archive(archive) => build::Template::Archive(archive.clone()),
        }
    }
}
