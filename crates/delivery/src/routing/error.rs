//! What can go wrong between the server and the router.

use std::path::PathBuf;
use std::time::Duration;

use super::InvalidTable;

/// Whether a call that failed may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changed.
    No,
    /// It may have taken effect: repeat the call, which is idempotent, to find out.
    Unknown,
}

/// A failed call of [`super::RouterControl`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's table is not usable; an error in the program.
    #[error("the route table was not published")]
    Invalid(#[from] InvalidTable),
    /// Another publication came first. Make the table again from the store and publish that.
    #[error(
        "generation {offered} of the route table was not published: generation {in_force} is in force"
    )]
    Stale {
        /// The generation that was refused.
        offered: u64,
        /// The generation in force.
        in_force: u64,
    },
    /// The table of before could not be read; nothing was changed.
    #[error("the route table could not be read from {}; mend the permissions there, then try again", path.display())]
    Read {
        /// The table file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The table could not be written; the router was not told.
    #[error(
        "the route table could not be written to {}; free space or mend the permissions there, then try again",
        path.display()
    )]
    Write {
        /// The table file.
        path: PathBuf,
        /// Whether the new file took its place already and only its safety on disk is in doubt.
        replaced: bool,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The control socket exists but cannot be talked to.
    #[error(
        "could not {action}: the router's control socket {} failed; see the router's log",
        socket.display()
    )]
    Unreachable {
        /// What was being done.
        action: &'static str,
        /// The control socket.
        socket: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The router did not answer in time.
    #[error(
        "could not {action}: the router did not answer on {} within {} s; see the router's log",
        socket.display(),
        after.as_secs()
    )]
    TimedOut {
        /// What was being done.
        action: &'static str,
        /// The control socket.
        socket: PathBuf,
        /// The time-out.
        after: Duration,
    },
    /// The router answered with a refusal, or with something that is not its protocol.
    #[error("could not {action}: the router answered {status}: {message}")]
    Refused {
        /// What was being done.
        action: &'static str,
        /// The HTTP status of the answer.
        status: u16,
        /// The router's reason.
        message: String,
    },
}

impl Error {
    /// Whether the call may have changed something.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Invalid(_)
            | Self::Stale { .. }
            | Self::Read { .. }
            | Self::Write {
                replaced: false, ..
            } => Effect::No,
            // The file is written before the router is told.
            Self::Write { replaced: true, .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Refused { .. } => Effect::Unknown,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retry_useful(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Stale { .. } => false,
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Refused { .. } => true,
        }
    }
}
