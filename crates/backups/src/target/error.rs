//! Why a place does not keep or give something.

use std::io;
use std::time::Duration;

/// Why a place does not keep or give something. None of them tells a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has the name.
    #[error("{place} has no '{name}'")]
    Missing {
        /// The place.
        place: String,
        /// What was asked for.
        name: String,
    },
    /// There is no room, or only what is to stay free.
    #[error("{place} is full: {reason}; delete old backups or make room there")]
    Full {
        /// The place.
        place: String,
        /// What was found.
        reason: String,
    },
    /// What was to be kept broke off. Nothing was kept.
    #[error("what was to be kept broke off")]
    Content(#[source] io::Error),
    /// It is longer than the place can keep.
    #[error("{place} keeps at most {most} bytes in one piece, and this is longer; {hint}")]
    TooLong {
        /// The place.
        place: String,
        /// The most that it keeps.
        most: u64,
        /// The way out.
        hint: &'static str,
    },
    /// Credentials or rights are not good enough.
    #[error("{place} refuses {doing}: {reason}")]
    Refused {
        /// The place.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// Its words.
        reason: String,
    },
    /// No answer in time.
    #[error("{place} gave no answer within {after:?} to {doing}")]
    NoAnswer {
        /// The place.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// Anything else.
    #[error("{place} failed at {doing}: {reason}")]
    Failed {
        /// The place.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// Whether the same call may succeed later, without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Failed { .. } => true,
            Self::Missing { .. }
            | Self::Full { .. }
            | Self::Content(_)
            | Self::TooLong { .. }
            | Self::Refused { .. } => false,
        }
    }
}
