//! What a broker offers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::or_default;

/// All offerings of a broker. Made by [`crate::catalogue::parse`], which checks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The offerings.
    pub services: Vec<Offering>,
}

/// A service offering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offering {
    /// Its id: the only thing about it that never changes.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is, for users.
    pub description: String,
    /// Whether its instances have bindings, unless the plan says otherwise.
    pub bindable: bool,
    /// Its plans, at least one.
    pub plans: Vec<Plan>,
    /// What it is, for programs: `postgresql`, `redis`, ...
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
    /// What the platform must be able to do for it.
    #[serde(default, deserialize_with = "or_default")]
    pub requires: Vec<Requirement>,
    /// Whether instances can be fetched.
    #[serde(default, deserialize_with = "or_default")]
    pub instances_retrievable: bool,
    /// Whether bindings can be fetched; without that there are no asynchronous ones.
    #[serde(default, deserialize_with = "or_default")]
    pub bindings_retrievable: bool,
    /// Whether it wants to know when names in the context change.
    #[serde(default, deserialize_with = "or_default")]
    pub allow_context_updates: bool,
    /// Whether an instance may get another plan, unless the plan says otherwise. The specification's spelling.
    #[serde(default, deserialize_with = "or_default")]
    pub plan_updateable: bool,
    /// Words and pictures for users.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Map<String, Value>,
}

/// What an offering may require of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Logs are sent to it.
    SyslogDrain,
    /// Requests are sent through it.
    RouteForwarding,
    /// Its volumes are mounted.
    VolumeMount,
}

/// A plan of an offering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id: the only thing about it that never changes.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is, for users.
    pub description: String,
    /// Whether it costs nothing: so, unless it says otherwise.
    #[serde(default)]
    pub free: Option<bool>,
    /// Overrides the offering's.
    #[serde(default)]
    pub bindable: Option<bool>,
    /// Overrides the offering's.
    #[serde(default)]
    pub plan_updateable: Option<bool>,
    /// Whether a binding can be made as the successor of another.
    #[serde(default, deserialize_with = "or_default")]
    pub binding_rotatable: bool,
    /// Which parameters it takes.
    #[serde(default, deserialize_with = "or_default")]
    pub schemas: Schemas,
    /// Seconds after which an operation has failed.
    #[serde(default)]
    pub maximum_polling_duration: Option<u64>,
    /// The version of what it runs.
    #[serde(default)]
    pub maintenance_info: Option<MaintenanceInfo>,
    /// Words, prices and pictures for users.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Map<String, Value>,
}

/// The JSON schemas of parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schemas {
    /// Those of instances.
    #[serde(default, deserialize_with = "or_default")]
    pub service_instance: InstanceSchemas,
    /// Those of bindings.
    #[serde(default, deserialize_with = "or_default")]
    pub service_binding: BindingSchemas,
}

/// The JSON schemas of an instance's parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceSchemas {
    /// When it is provisioned.
    #[serde(default, deserialize_with = "or_default")]
    pub create: Schema,
    /// When it is updated.
    #[serde(default, deserialize_with = "or_default")]
    pub update: Schema,
}

/// The JSON schemas of a binding's parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BindingSchemas {
    /// When it is made.
    #[serde(default, deserialize_with = "or_default")]
    pub create: Schema,
}

/// The JSON schema of the parameters of one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The schema, where there is one.
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
}

/// The version of what a plan runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceInfo {
    /// A semantic version. Another one in the catalogue than an instance's: it can be upgraded.
    pub version: String,
    /// What an upgrade means, for users; never sent.
    #[serde(default, skip_serializing)]
    pub description: Option<String>,
}

impl Offering {
    /// What it requires that Windlass cannot do: with such, no instance is possible.
    pub fn unsupported(&self) -> &[Requirement] {
        &self.requires
    }

    /// Whether instances of that plan have bindings.
    pub fn is_bindable(&self, plan: &Plan) -> bool {
        plan.bindable.unwrap_or(self.bindable)
    }

    /// Whether an instance of that plan may get another one.
    pub fn is_plan_updateable(&self, plan: &Plan) -> bool {
        plan.plan_updateable.unwrap_or(self.plan_updateable)
    }
}

impl Plan {
    /// Whether it costs nothing.
    pub fn is_free(&self) -> bool {
        self.free.unwrap_or(true)
    }
}
