//! What a token may be used for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Unknown;

/// What a token may be used for, at most: never more than its user may do. Each level has what those before it have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// To look, without secret values.
    Read,
    /// To push code and deploy it.
    Deploy,
    /// For everything that its user may do.
    Manage,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Deploy, Self::Manage];

    /// Its name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Manage => "manage",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|level| level.as_str() == text);
        found.ok_or_else(|| Unknown::new("level", text, &Self::ALL.map(Self::as_str)))
    }
}
