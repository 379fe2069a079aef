//! The objects of the specification, as they go over the wire.
//!
//! Unknown fields are ignored, `null` is an absent field: brokers are written in languages that leave out or
//! write either.

mod binding;
mod catalogue;
mod instance;
mod last_operation;
mod opaque;
mod refusal;

use serde::{Deserialize, Deserializer};

pub use binding::{
    BindRequest, BindResource, BindingAnswer, BindingMetadata, CreateBinding, Endpoint,
};
pub use catalogue::{
    BindingSchemas, Catalogue, InstanceSchemas, MaintenanceInfo, Offering, Plan, Requirement,
    Schema, Schemas,
};
pub use instance::{
    DeletionAnswer, InstanceAnswer, InstanceDescription, PreviousValues, ProvisionRequest,
    UpdateRequest,
};
pub use last_operation::{LastOperation, State};
pub use opaque::Opaque;
pub use refusal::{ErrorBody, ErrorCode};

/// `null` as if the field were not there.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
