//! Provisioning, fetching, updating and deleting an instance.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{MaintenanceInfo, Opaque};

/// The body of a request for an instance. The same id is always sent with the same body.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProvisionRequest {
    /// The offering.
    pub service_id: String,
    /// The plan.
    pub plan_id: String,
    /// Our organisation. Deprecated, and required.
    pub organization_guid: String,
    /// Our environment. Deprecated, and required.
    pub space_guid: String,
    /// Where the instance belongs, in the words of a platform that the broker knows.
    pub context: Map<String, Value>,
    /// What the user asked for.
    #[serde(skip_serializing_if = "Opaque::is_empty")]
    pub parameters: Opaque,
    /// The version that the user saw in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_info: Option<MaintenanceInfo>,
}

/// The body of a request for a change. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UpdateRequest {
    /// The offering, which never changes.
    pub service_id: String,
    /// The new plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Names that changed, or the context as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
    /// Only what the user typed now: the rest may have been changed elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Opaque>,
    /// How it was before.
    pub previous_values: PreviousValues,
    /// The version to upgrade to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_info: Option<MaintenanceInfo>,
}

/// An instance before an update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PreviousValues {
    /// Its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_info: Option<MaintenanceInfo>,
}

/// What comes back from provisioning and updating.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct InstanceAnswer {
    /// A page about the instance, as the broker gave it; see [`Self::dashboard_link`].
    #[serde(default)]
    pub dashboard_url: Option<String>,
    /// Labels and attributes.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// What comes back from a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DeletionAnswer {}

/// An instance as the broker sees it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct InstanceDescription {
    /// Its offering.
    #[serde(default)]
    pub service_id: Option<String>,
    /// Its plan.
    #[serde(default)]
    pub plan_id: Option<String>,
    /// A page about it, as the broker gave it; see [`Self::dashboard_link`].
    #[serde(default)]
    pub dashboard_url: Option<String>,
    /// Its parameters, all, some or none of them.
    #[serde(default)]
    pub parameters: Option<Opaque>,
    /// Its version.
    #[serde(default)]
    pub maintenance_info: Option<MaintenanceInfo>,
}

impl InstanceAnswer {
    /// The page about the instance if it is one of the web: another scheme would be a script in the panel.
    /// It is shown as a link, never fetched.
    pub fn dashboard_link(&self) -> Option<&str> {
        link(self.dashboard_url.as_deref()?)
    }
}

impl InstanceDescription {
    /// As [`InstanceAnswer::dashboard_link`].
    pub fn dashboard_link(&self) -> Option<&str> {
        link(self.dashboard_url.as_deref()?)
    }
}

fn link(url: &str) -> Option<&str> {
    let parsed = url::Url::parse(url).ok()?;
    matches!(parsed.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::InstanceAnswer;

    #[test]
    fn only_pages_of_the_web_are_links() {
        let answer = |url: &str| InstanceAnswer {
            dashboard_url: Some(url.to_owned()),
            metadata: None,
        };
        assert_eq!(
            answer("https://d.example/1").dashboard_link(),
            Some("https://d.example/1")
        );
        for url in ["javascript:alert(1)", "data:text/html,x", "/relative", ""] {
            assert_eq!(answer(url).dashboard_link(), None, "{url}");
        }
    }
}
