//! What is recorded of a plan, so that its driver finds the broker and the plan again.

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::InstanceId;

use crate::authentication::Authentication;
use crate::profile::Profile;
use crate::registration::{Invalid, Registration};
use crate::settings::Settings;
use crate::target::{Binding, Instance, Target};

/// A plan of a registered broker: the settings of the cluster that stands for it. The password is not among
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sold {
    /// The broker's name, for people.
    pub(crate) broker: String,
    pub(crate) url: String,
    pub(crate) profile: Profile,
    #[serde(default)]
    pub(crate) ca_pem: Option<String>,
    pub(crate) service_id: String,
    pub(crate) plan_id: String,
    /// The offering's name.
    pub(crate) offering: String,
    /// The plan's name.
    pub(crate) plan: String,
    pub(crate) tags: Vec<String>,
    /// Whether there is anything to bind; else an instance gives no variables.
    pub(crate) bindable: bool,
    pub(crate) instances_retrievable: bool,
    pub(crate) bindings_retrievable: bool,
    #[serde(default)]
    pub(crate) maximum_polling_seconds: Option<u64>,
}

impl Sold {
    /// What was recorded.
    pub(crate) fn of(settings: Option<&Value>) -> Result<Self, Invalid> {
        let settings = settings.ok_or_else(|| Invalid::new("nothing is recorded of its plan"))?;
        Self::deserialize(settings)
            .map_err(|error| Invalid::new(format!("what is recorded of its plan: {error}")))
    }

    /// The broker, with those credentials; no user means a token.
    pub(crate) fn registration(
        &self,
        user: &str,
        password: &SecretString,
    ) -> Result<Registration, Invalid> {
        Ok(Registration {
            url: self.url.parse()?,
            authentication: Authentication::of(user, password),
            ca_pem: self.ca_pem.clone(),
        })
    }

    /// An instance of it: the broker knows it by our own id.
    pub(crate) fn instance(&self, id: InstanceId) -> Instance {
        Instance {
            id: id.to_string(),
            target: Target {
                service_id: self.service_id.clone(),
                plan_id: self.plan_id.clone(),
                maximum_polling: self.maximum_polling_seconds.map(Duration::from_secs),
                instances_retrievable: self.instances_retrievable,
                bindings_retrievable: self.bindings_retrievable,
            },
        }
    }

    /// A binding of an instance of it.
    pub(crate) fn binding(&self, instance: InstanceId, generation: u32) -> Binding {
        Binding {
            instance: self.instance(instance),
            id: binding_id(instance, generation),
        }
    }

    /// The longest that a call for it takes: a request that the broker has no time for, one that it does, the
    /// polls, and the look at what came of it.
    pub(crate) fn patience(&self, settings: &Settings) -> Duration {
        let stated = self.maximum_polling_seconds.map(Duration::from_secs);
        let polling = stated.map_or(settings.polling, |most| most.min(settings.polling));
        polling + settings.patience + settings.fetch + settings.request * 2
    }
}

/// The id of a binding, from what a driver is told when it is to be taken away. A UUID, because some brokers
/// have no room for more, of the version for ids of one's own making, which no instance has.
fn binding_id(instance: InstanceId, generation: u32) -> String {
    use windlass_model::id::Id;
    let mut bytes = *instance.uuid().as_bytes();
    // The upper part of the time: two instances of the same random bits do not occur.
    for (byte, number) in bytes.iter_mut().zip(generation.to_be_bytes()) {
        *byte ^= number;
    }
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    uuid.hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::binding_id;

    #[test]
    fn each_binding_has_an_id_of_its_own_and_keeps_it() {
        let one = "0192f0c1-2345-7000-8000-000000000001"
            .parse()
            .expect("an id");
        let two = "0192f0c1-2345-7000-8000-000000000002"
            .parse()
            .expect("an id");
        let ids: BTreeSet<String> = (0..1000)
            .flat_map(|generation| [binding_id(one, generation), binding_id(two, generation)])
            .collect();
        assert_eq!(ids.len(), 2000);
        assert_eq!(binding_id(one, 1), "0192f0c0-2345-8000-8000-000000000001");
    }
}
