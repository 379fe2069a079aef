//! The objects of the wire.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod broker;
pub(crate) mod deployment;
pub(crate) mod environment;
pub(crate) mod instance;
pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod region;
pub(crate) mod release;
pub(crate) mod repository;
pub(crate) mod template;
pub(crate) mod variable;

use windlass_model::time::Timestamp;

/// ISO 8601 in UTC with `Z`.
pub(crate) fn time(at: Timestamp) -> String {
    millis(at.0)
}

/// The same from milliseconds since the epoch.
pub(crate) fn millis(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .unwrap_or_default()
        .to_string()
}
