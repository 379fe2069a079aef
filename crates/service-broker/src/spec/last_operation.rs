//! How far an operation is.

use serde::Deserialize;

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LastOperation {
    /// How far it is.
    pub state: State,
    /// The broker's words for the user.
    #[serde(default)]
    pub description: Option<String>,
    /// After a failed update or deletion: whether the instance works.
    #[serde(default)]
    pub instance_usable: Option<bool>,
    /// After a failed update: whether another try is useful.
    #[serde(default)]
    pub update_repeatable: Option<bool>,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum State {
    /// Not finished.
    #[serde(rename = "in progress")]
    InProgress,
    /// Finished.
    #[serde(rename = "succeeded")]
    Succeeded,
    /// Finished without success.
    #[serde(rename = "failed")]
    Failed,
}
