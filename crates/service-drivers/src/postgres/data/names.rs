//! Names and marks of what exists while data is copied.

use windlass_model::id::{InstanceId, OperationId};

use super::super::names::group;

/// The database that is being filled, and the role that fills it.
pub(super) fn filling(instance: InstanceId) -> String {
    format!("{}_restore", group(instance))
}

/// The database that was filled to its end.
pub(super) fn fresh(instance: InstanceId) -> String {
    format!("{}_fresh", group(instance))
}

/// The database that was the live one.
pub(super) fn old(instance: InstanceId) -> String {
    format!("{}_old", group(instance))
}

/// The role that dumps.
pub(super) fn dumper(instance: InstanceId) -> String {
    format!("{}_dump", group(instance))
}

/// The comment of a role that is made for a call.
pub(super) fn role_mark(instance: InstanceId) -> String {
    format!("windlass copies the data of {instance}")
}

/// The comment of a database that an operation has filled to its end.
pub(super) fn fresh_mark(operation: OperationId) -> String {
    format!("windlass restored this in operation {operation}")
}
