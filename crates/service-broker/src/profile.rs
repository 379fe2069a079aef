//! Where an instance belongs, in the words of a platform that the broker knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::registration::Invalid;

/// The platform that we say we are: many brokers refuse those that they do not know, or tag them wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Cloud Foundry, which every broker knows.
    #[default]
    CloudFoundry,
    /// Kubernetes.
    Kubernetes,
    /// Ourselves, with all that we know.
    Native,
}

/// Where an instance belongs. Ids never change, names may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The organisation's id.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// The environment's id.
    pub environment: String,
    /// Its name.
    pub environment_name: String,
    /// The application's id.
    pub application: String,
    /// Its name.
    pub application_name: String,
    /// The id of this installation of Windlass.
    pub installation: String,
    /// The instance's name: its prefix.
    pub instance_name: String,
}

impl Profile {
    /// The platform's name.
    pub fn platform(self) -> &'static str {
        match self {
            Self::CloudFoundry => "cloudfoundry",
            Self::Kubernetes => "kubernetes",
            Self::Native => "windlass",
        }
    }

    /// The context of requests for what belongs there.
    pub fn context(self, scope: &Scope) -> Map<String, Value> {
        let space = format!("{}-{}", scope.application_name, scope.environment_name);
        let cloud_foundry = [
            ("organization_guid", &scope.organisation),
            ("organization_name", &scope.organisation_name),
            ("space_guid", &scope.environment),
            ("space_name", &space),
            ("instance_name", &scope.instance_name),
        ];
        let mut context = Map::new();
        let mut put = |name: &str, text: &str| context.insert(name.to_owned(), text.into());
        put("platform", self.platform());
        match self {
            Self::CloudFoundry => {
                for (name, text) in cloud_foundry {
                    put(name, text);
                }
            }
            Self::Kubernetes => {
                put("namespace", &space);
                put("clusterid", &scope.installation);
                put("instance_name", &scope.instance_name);
            }
            Self::Native => {
                for (name, text) in cloud_foundry {
                    put(name, text);
                }
                put("application_guid", &scope.application);
                put("application_name", &scope.application_name);
                put("environment_guid", &scope.environment);
                put("environment_name", &scope.environment_name);
            }
        }
        context
    }
}

impl FromStr for Profile {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "cloudfoundry" => Ok(Self::CloudFoundry),
            "kubernetes" => Ok(Self::Kubernetes),
            "native" => Ok(Self::Native),
            _ => Err(Invalid::new(
                "its context profile must be cloudfoundry, kubernetes or native",
            )),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudFoundry => "cloudfoundry",
            Self::Kubernetes => "kubernetes",
            Self::Native => "native",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Profile, Scope};

    #[test]
    fn each_platform_has_its_own_context() {
        let scope = Scope {
            organisation: "o-1".to_owned(),
            organisation_name: "acme".to_owned(),
            environment: "e-1".to_owned(),
            environment_name: "test".to_owned(),
            application: "a-1".to_owned(),
            application_name: "shop".to_owned(),
            installation: "w-1".to_owned(),
            instance_name: "DEFAULT".to_owned(),
        };
        let cloud_foundry = json!({
            "platform": "cloudfoundry", "organization_guid": "o-1", "organization_name": "acme",
            "space_guid": "e-1", "space_name": "shop-test", "instance_name": "DEFAULT",
        });
        let kubernetes = json!({
            "platform": "kubernetes", "namespace": "shop-test", "clusterid": "w-1",
            "instance_name": "DEFAULT",
        });
        let native = json!({
            "platform": "windlass", "organization_guid": "o-1", "organization_name": "acme",
            "space_guid": "e-1", "space_name": "shop-test", "instance_name": "DEFAULT",
            "application_guid": "a-1", "application_name": "shop", "environment_guid": "e-1",
            "environment_name": "test",
        });
        for (profile, expected) in [
            (Profile::CloudFoundry, cloud_foundry),
            (Profile::Kubernetes, kubernetes),
            (Profile::Native, native),
        ] {
            assert_eq!(Value::Object(profile.context(&scope)), expected);
            assert_eq!(profile.to_string().parse(), Ok(profile));
            assert_eq!(json!(profile), json!(profile.to_string()));
        }
    }
}
