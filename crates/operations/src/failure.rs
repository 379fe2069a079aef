//! What a failed step or undo says about itself, as types.

use serde::{Deserialize, Serialize};

/// Whether the failed call may have changed the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Surely nothing happened.
    None,
    /// Surely it happened.
    Applied,
    /// Nobody knows: a time-out, a lost answer.
    Unknown,
}

/// Whether the same call may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// It will fail again: a mistake in the input, a refusal.
    No,
    /// It may succeed after at least this many milliseconds.
    AfterMillis(u64),
}

/// Why a step or its undo failed. Holds no secret: texts are shown to users and kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable code such as `build_failed`.
    pub code: String,
    /// What happened, to what, and why, for the user.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether the call may have had its effect.
    pub effect: Effect,
    /// Whether a retry is useful.
    pub retry: Retry,
}

impl Failure {
    /// A failure that no retry mends and that had no effect.
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            effect: Effect::None,
            retry: Retry::No,
        }
    }

    /// A failure that a retry may mend; whether it had its effect is unknown.
    pub fn transient(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            effect: Effect::Unknown,
            retry: Retry::AfterMillis(0),
        }
    }

    /// The same with what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
