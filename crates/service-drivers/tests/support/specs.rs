//! Instances and bindings of tests.

use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId};
use windlass_services::{BindingSpec, InstanceSpec, password};

/// A new instance.
pub(crate) fn spec(connection_limit: u32) -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::from(Uuid::now_v7()),
        connection_limit,
        comment: "shop/test/DEFAULT".to_owned(),
        given: None,
        owner: None,
        storage_bytes: None,
    }
}

/// A new binding.
pub(crate) fn binding(generation: u32) -> BindingSpec {
    BindingSpec {
        binding: BindingId::from(Uuid::now_v7()),
        generation,
        password: password::generate(),
    }
}
