//! The objects of the wire.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod broker;
pub(crate) mod deployment;
pub(crate) mod environment;
pub(crate) mod instance;
pub(crate) mod member;
pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod region;
pub(crate) mod release;
pub(crate) mod repository;
pub(crate) mod template;
pub(crate) mod token;
pub(crate) mod variable;

use windlass_model::time::Timestamp;

use crate::error::ApiError;

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

/// A point in time that a client names.
pub(crate) fn timestamp(field: &str, text: &str) -> Result<Timestamp, ApiError> {
    let parsed = text.parse::<jiff::Timestamp>();
    let at = parsed
        .map_err(|_| ApiError::field(field, "a time such as 2026-12-31T12:00:00Z is expected"))?;
    Ok(Timestamp(at.as_millisecond()))
}
