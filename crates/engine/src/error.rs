//! Why an engine did not do as told.

use std::time::Duration;

/// An engine's failure. Says what was being done; `effect_unknown` and `is_transient` are what retries
/// and undo decide by.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object does not exist.
    #[error("{what} '{name}' does not exist")]
    NotFound {
        /// `container`, `image`, `network`, `volume`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The object exists with other parameters, or belongs to someone else.
    #[error("{what} '{name}' exists already and is not as asked for: {reason}")]
    Conflict {
        /// `container`, `image`, `network`, `volume`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What differs.
        reason: String,
    },
    /// The engine refused: a mistake in what was asked for.
    #[error("{doing} was refused: {reason}")]
    Refused {
        /// What was being done.
        doing: String,
        /// The engine's words.
        reason: String,
    },
    /// A build failed; the log says why.
    #[error("the build failed: {0}")]
    BuildFailed(String),
    /// A build stood on an image that was removed while it was at work: nobody's mistake, and nothing was made.
    #[error("{doing} was disturbed: an image that it stood on was removed meanwhile ({reason})")]
    Disturbed {
        /// What was being done.
        doing: String,
        /// The engine's words.
        reason: String,
    },
    /// The engine has no such feature.
    #[error("this engine cannot {0}")]
    Unsupported(&'static str),
    /// There is no room left.
    #[error("{doing} failed: no space left on the engine's disk")]
    DiskFull {
        /// What was being done.
        doing: String,
    },
    /// The engine cannot be reached; nothing was done.
    #[error("{doing} failed: the engine cannot be reached ({reason})")]
    Unreachable {
        /// What was being done.
        doing: String,
        /// Why.
        reason: String,
    },
    /// No answer came in time, or the answer was lost; it may have been done.
    #[error(
        "{doing} got no answer: after {after:.1?} the time was over or the connection was lost; it may have been done"
    )]
    NoAnswer {
        /// What was being done.
        doing: String,
        /// The time-out.
        after: Duration,
    },
    /// Anything else.
    #[error("{doing} failed: {reason}")]
    Failed {
        /// What was being done.
        doing: String,
        /// The engine's words.
        reason: String,
    },
}

impl Error {
    /// Whether the call may have had its effect.
    pub fn effect_unknown(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Failed { .. } | Self::DiskFull { .. } => true,
            Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::BuildFailed(_)
            | Self::Disturbed { .. }
            | Self::Unsupported(_)
            | Self::Unreachable { .. } => false,
        }
    }

    /// Whether the same call may succeed later without a change by the user.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer { .. }
            | Self::Failed { .. }
            | Self::Disturbed { .. }
            | Self::Unreachable { .. } => true,
            Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::BuildFailed(_)
            | Self::Unsupported(_)
            | Self::DiskFull { .. } => false,
        }
    }
}
