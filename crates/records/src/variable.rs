//! Custom environment variables.

use serde::{Deserialize, Serialize};
use windlass_model::id::{EnvironmentId, SecretId, VariableId};
use windlass_model::names::VariableName;
use windlass_model::time::Timestamp;

/// A custom variable of an environment. Its value is always kept encrypted; `is_sensitive` says who may
/// read it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its id.
    pub id: VariableId,
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name, unique in the environment.
    pub name: VariableName,
    /// Its value. Each change makes a new secret, so that releases go on pinning the old one.
    pub value: SecretId,
    /// Whether its value is hidden in lists.
    pub is_sensitive: bool,
    /// Whether it may hide a variable of a service.
    pub overrides: bool,
    /// Raised by each change.
    pub version: u32,
    /// When it was set first.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}
