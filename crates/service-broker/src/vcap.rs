//! `VCAP_SERVICES`, for frameworks that know Cloud Foundry: one JSON object with all of an application's
//! credentials.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::spec::Opaque;

/// One binding.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The offering's name.
    pub offering: &'a str,
    /// The plan's name.
    pub plan: &'a str,
    /// The instance's name: its prefix.
    pub name: &'a str,
    /// The offering's tags.
    pub tags: &'a [String],
    /// The credentials.
    pub credentials: &'a Opaque,
}

/// The value of `VCAP_SERVICES`, by the names of the offerings.
pub fn services(bindings: &[Bound<'_>]) -> SecretString {
    let mut services: Map<String, Value> = Map::new();
    for bound in bindings {
        let entry = json!({
            "label": bound.offering,
            "plan": bound.plan,
            "name": bound.name,
            "instance_name": bound.name,
            "binding_name": null,
            "tags": bound.tags,
            "credentials": bound.credentials,
            "syslog_drain_url": null,
            "volume_mounts": [],
        });
        let list = services
            .entry(bound.offering)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(entry);
        }
    }
    SecretString::from(Value::Object(services).to_string())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::{Map, Value, json};

    use super::{Bound, services};
    use crate::spec::Opaque;

    #[test]
    fn bindings_are_listed_by_offering() {
        let credentials =
            |uri: &str| Opaque::from(Map::from_iter([("uri".to_owned(), Value::from(uri))]));
        let (one, two) = (credentials("a://"), credentials("b://"));
        let tags = ["postgresql".to_owned()];
        let bound = |name, credentials| Bound {
            offering: "postgres",
            plan: "small",
            name,
            tags: &tags,
            credentials,
        };
        let text = services(&[bound("DEFAULT", &one), bound("OTHER", &two)]);
        let value: Value = serde_json::from_str(text.expose_secret()).expect("JSON");
        assert_eq!(value["postgres"][1]["name"], json!("OTHER"));
        assert_eq!(value["postgres"][0]["credentials"], json!({"uri": "a://"}));
        assert_eq!(value["postgres"][0]["tags"], json!(["postgresql"]));
    }
}
