//! Labels: how everything that Windlass makes is known as its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The label that every object of Windlass carries: the id of the installation.
pub const INSTALLATION: &str = "windlass.installation";
/// The role of the object: `process`, `release-command`, `cluster`, `network`, `volume`, `image`.
pub const ROLE: &str = "windlass.role";
/// The organisation's id.
pub const ORGANISATION: &str = "windlass.organisation";
/// The application's id.
pub const APPLICATION: &str = "windlass.application";
/// The environment's id.
pub const ENVIRONMENT: &str = "windlass.environment";
/// The release's id.
pub const RELEASE: &str = "windlass.release";
/// The process's name.
pub const PROCESS: &str = "windlass.process";
/// The cluster's id.
pub const CLUSTER: &str = "windlass.cluster";
/// The operation that made it.
pub const OPERATION: &str = "windlass.operation";
/// The epoch of that operation.
pub const EPOCH: &str = "windlass.epoch";

/// Labels by name, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    /// No labels.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers give ids and literals alike; a reference at each would be noise"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    /// The value of a label.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether every label of `filter` is here with the same value.
    pub fn matches(&self, filter: &Self) -> bool {
        filter
            .0
            .iter()
            .all(|(name, value)| self.0.get(name) == Some(value))
    }
}
