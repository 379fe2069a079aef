//! Backups: what they are, how long they are kept, and when the next is due.

pub mod alarm;
pub mod retention;
pub mod schedule;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackupTrigger {
    /// A user wanted it.
    Manual,
    /// It was due.
    Scheduled,
    /// Before a restore over data.
    Safety,
    /// Before an instance is removed.
    Final,
    /// It is what a user uploaded.
    Upload,
}

impl BackupTrigger {
    /// Every trigger.
    pub const ALL: [Self; 5] = [
        Self::Manual,
        Self::Scheduled,
        Self::Safety,
        Self::Final,
        Self::Upload,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Scheduled => "SCHEDULED",
            Self::Safety => "SAFETY",
            Self::Final => "FINAL",
            Self::Upload => "UPLOAD",
        }
    }
}

impl fmt::Display for BackupTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a backup or a restore ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Success {
    /// All of it is good.
    Success,
    /// Some of it is good.
    Partial,
    /// Nothing of it is good.
    Failure,
}

impl Success {
    /// Of the parts: whether each is good. Of nothing, nothing is good.
    pub fn of(parts: impl IntoIterator<Item = bool>) -> Self {
        let (mut good, mut bad) = (false, false);
        for is_good in parts {
            good |= is_good;
            bad |= !is_good;
        }
        match (good, bad) {
            (true, false) => Self::Success,
            (true, true) => Self::Partial,
            (false, _) => Self::Failure,
        }
    }

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Partial => "PARTIAL",
            Self::Failure => "FAILURE",
        }
    }
}

impl fmt::Display for Success {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no trigger of a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not why a backup is made")]
pub struct UnknownTrigger(pub String);

impl FromStr for BackupTrigger {
    type Err = UnknownTrigger;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|trigger| trigger.as_str() == text)
            .ok_or_else(|| UnknownTrigger(text.chars().take(64).collect()))
    }
}
