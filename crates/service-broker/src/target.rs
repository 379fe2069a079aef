//! What a request is about.

use std::time::Duration;

use windlass_model::percent::encode;

use crate::decide::Attempt;
use crate::spec::{Offering, Plan};

/// A plan of an offering, with what the client must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The offering.
    pub service_id: String,
    /// The plan that the instance has; during a change of it, the one before.
    pub plan_id: String,
    /// After how long an operation has failed.
    pub maximum_polling: Option<Duration>,
    /// Whether instances can be fetched.
    pub instances_retrievable: bool,
    /// Whether bindings can be fetched; without that there are no asynchronous ones.
    pub bindings_retrievable: bool,
}

/// An instance: its id is made and stored before the first request, and never used again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// What it is of.
    pub target: Target,
}

/// A binding of an instance; its id like the instance's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The instance.
    pub instance: Instance,
    /// Its id.
    pub id: String,
}

impl Target {
    /// That plan.
    pub fn of(offering: &Offering, plan: &Plan) -> Self {
        Self {
            service_id: offering.id.clone(),
            plan_id: plan.id.clone(),
            maximum_polling: plan.maximum_polling_duration.map(Duration::from_secs),
            instances_retrievable: offering.instances_retrievable,
            bindings_retrievable: offering.bindings_retrievable,
        }
    }
}

/// Either of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resource<'a> {
    Instance(&'a Instance),
    Binding(&'a Binding),
}

impl Resource<'_> {
    /// Its path below the broker's.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Instance(instance) => format!("/v2/service_instances/{}", encode(&instance.id)),
            Self::Binding(binding) => {
                let instance = Resource::Instance(&binding.instance).path();
                format!("{instance}/service_bindings/{}", encode(&binding.id))
            }
        }
    }

    /// What it is of.
    pub(crate) fn target(&self) -> &Target {
        match self {
            Self::Instance(instance) => &instance.target,
            Self::Binding(binding) => &binding.instance.target,
        }
    }

    /// The attempt to delete it.
    pub(crate) fn deletion(self) -> Attempt {
        match self {
            Self::Instance(_) => Attempt::Deprovision,
            Self::Binding(_) => Attempt::Unbind,
        }
    }
}
