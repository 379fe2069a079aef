//! For whom a request is made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::profile::Profile;

/// The user who caused a request: `X-Broker-API-Originating-Identity`. Refreshes of the catalogue and removals
/// of what failed are nobody's.
#[derive(Debug, Clone, PartialEq)]
pub struct OriginatingIdentity {
    platform: &'static str,
    value: Map<String, Value>,
}

impl OriginatingIdentity {
    /// The user as that profile's platform would say it.
    pub fn new(profile: Profile, user_id: &str, user_name: &str) -> Self {
        let mut value = Map::new();
        let mut put = |name: &str, text: &str| value.insert(name.to_owned(), text.into());
        match profile {
            Profile::CloudFoundry => {
                put("user_id", user_id);
            }
            Profile::Kubernetes => {
                put("username", user_name);
                put("uid", user_id);
                value.insert("groups".to_owned(), Value::Array(Vec::new()));
                value.insert("extra".to_owned(), Value::Object(Map::new()));
            }
            Profile::Native => {
                put("user_id", user_id);
                put("user_name", user_name);
            }
        }
        Self {
            platform: profile.platform(),
            value,
        }
    }

    /// The header's value.
    pub(crate) fn header(&self) -> String {
        let value = Value::Object(self.value.clone()).to_string();
        format!("{} {}", self.platform, STANDARD.encode(value))
    }
}

#[cfg(test)]
mod tests {
    use super::OriginatingIdentity;
    use crate::profile::Profile;

    #[test]
    fn each_platform_has_its_own_words() {
        for (profile, expected) in [
            (
                Profile::CloudFoundry,
                "cloudfoundry eyJ1c2VyX2lkIjoidS0xIn0=",
            ),
            (
                Profile::Kubernetes,
                "kubernetes eyJleHRyYSI6e30sImdyb3VwcyI6W10sInVpZCI6InUtMSIsInVzZXJuYW1lIjoiasO2IFwiIn0=",
            ),
            (
                Profile::Native,
                "windlass eyJ1c2VyX2lkIjoidS0xIiwidXNlcl9uYW1lIjoiasO2IFwiIn0=",
            ),
        ] {
            let header = OriginatingIdentity::new(profile, "u-1", "jö \"").header();
            assert_eq!(header, expected);
        }
    }
}
