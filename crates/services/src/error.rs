//! Why a driver did not do as told.

use std::time::Duration;

/// A driver's failure. Texts hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster cannot be reached; nothing was done.
    #[error("{cluster} cannot be reached: {reason}")]
    Unreachable {
        /// The cluster, for people.
        cluster: String,
        /// Why.
        reason: String,
    },
    /// The cluster does not accept the administrator's credentials.
    #[error("{cluster} does not accept the administrator's credentials: {reason}")]
    Unauthorized {
        /// The cluster, for people.
        cluster: String,
        /// The server's words.
        reason: String,
    },
    /// The cluster runs what this driver does not support.
    #[error("{cluster} is not supported: {reason}")]
    Unsupported {
        /// The cluster, for people.
        cluster: String,
        /// What was found and what is supported.
        reason: String,
    },
    /// The cluster has no room: disk, connections, quota.
    #[error("{cluster} is full: {reason}")]
    Full {
        /// The cluster, for people.
        cluster: String,
        /// The server's words.
        reason: String,
    },
    /// An object of that name exists and is not the instance's, or has other parameters.
    #[error("{what} exists already on {cluster} and is not this instance's: {reason}")]
    Conflict {
        /// The cluster, for people.
        cluster: String,
        /// The object.
        what: String,
        /// What differs.
        reason: String,
    },
    /// What should be there is not.
    #[error("{what} does not exist on {cluster}")]
    Missing {
        /// The cluster, for people.
        cluster: String,
        /// The object.
        what: String,
    },
    /// No answer came in time; it may have been done.
    #[error("{doing} on {cluster} gave no answer within {after:?}; it may have been done")]
    NoAnswer {
        /// The cluster, for people.
        cluster: String,
        /// What was being done.
        doing: String,
        /// The time-out.
        after: Duration,
    },
    /// The server refuses: nothing was done, and the same call would be refused again.
    #[error("{doing} on {cluster} is refused: {reason}")]
    Refused {
        /// The cluster, for people.
        cluster: String,
        /// What was being done.
        doing: String,
        /// The server's words.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// It was begun and came to nothing. Not to be tried again but taken back: something may be left of it.
    #[error("{doing} on {cluster} failed: {reason}")]
    Spoilt {
        /// The cluster, for people.
        cluster: String,
        /// What was being done.
        doing: String,
        /// The server's words.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// Anything else.
    #[error("{doing} on {cluster} failed: {reason}")]
    Failed {
        /// The cluster, for people.
        cluster: String,
        /// What was being done.
        doing: String,
        /// The server's words, without statements.
        reason: String,
    },
}

impl Error {
    /// Whether the call may have had its effect.
    pub fn effect_unknown(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer { .. } | Self::Failed { .. } | Self::Full { .. } | Self::Spoilt { .. }
        )
    }

    /// Whether the same call may succeed later without a change by the user or operator.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::NoAnswer { .. } | Self::Failed { .. }
        )
    }
}
