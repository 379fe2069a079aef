//! What a failure of the server means in the contract's words.

use std::io;

use windlass_services::{Access, Error};

use crate::step::Step;

/// Codes of MongoDB, which FerretDB has too.
pub(super) mod code {
    pub(in crate::mongodb) const USER_NOT_FOUND: i64 = 11;
    pub(in crate::mongodb) const UNAUTHORIZED: i64 = 13;
    pub(super) const AUTHENTICATION_FAILED: i64 = 18;
    pub(super) const OUT_OF_DISK_SPACE: i64 = 14031;
    pub(super) const BAD_MECHANISM: [i64; 2] = [2, 334];
    pub(super) const NOT_PRIMARY: [i64; 2] = [10107, 13435];
}

/// A command that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer in time.
    Elapsed(Step),
    /// The connection failed.
    Connection(Step, io::Error),
    /// The server refused, with this code and in these words.
    Refused(Step, i64, String),
}

impl Failure {
    /// Whether the server refused with this code.
    pub(super) fn is(&self, wanted: i64) -> bool {
        matches!(self, Self::Refused(_, code, _) if *code == wanted)
    }

    /// The failure of a command.
    pub(super) fn of_command(self, access: &Access) -> Error {
        let cluster = access.description.clone();
        match self {
            Self::Elapsed(step) => Error::NoAnswer {
                cluster,
                doing: step.doing.to_owned(),
                after: step.within,
            },
            Self::Connection(step, error) => Error::Failed {
                cluster,
                doing: step.doing.to_owned(),
                reason: format!("the connection broke: {error}"),
            },
            Self::Refused(_, code::UNAUTHORIZED, words) => unauthorized(access, &words),
            Self::Refused(_, code, reason) if is_full(code, &reason) => {
                Error::Full { cluster, reason }
            }
            Self::Refused(_, code, words) if code::NOT_PRIMARY.contains(&code) => {
                Error::Unsupported {
                    cluster,
                    reason: format!("{words}; name the server that writes"),
                }
            }
            Self::Refused(step, _, reason) => Error::Failed {
                cluster,
                doing: step.doing.to_owned(),
                reason,
            },
        }
    }

    /// The failure of a connection that was not yet there: nothing was done.
    pub(super) fn of_connection(self, access: &Access) -> Error {
        let cluster = access.description.clone();
        let place = format!("{}:{}", access.endpoint.host, access.endpoint.port);
        let reason = match self {
            Self::Elapsed(step) => format!("{place} gave no answer within {:?}", step.within),
            Self::Connection(_, error) => format!("{place}: {error}"),
            Self::Refused(_, code, words)
                if code::BAD_MECHANISM.contains(&code)
                    || words.contains("Unsupported authentication") =>
            {
                let reason = format!(
                    "it does not let user '{}' log in by SCRAM-SHA-256: {words}",
                    access.user
                );
                return Error::Unsupported { cluster, reason };
            }
            Self::Refused(_, code::AUTHENTICATION_FAILED | code::UNAUTHORIZED, words) => {
                return unauthorized(access, &words);
            }
            Self::Refused(_, _, words) => format!("{place}: {words}"),
        };
        Error::Unreachable { cluster, reason }
    }
}

/// SQLite says so in words only.
fn is_full(code: i64, words: &str) -> bool {
    code == code::OUT_OF_DISK_SPACE
        || words.contains("disk is full")
        || words.contains("no space left")
        || words.contains("No space left")
}

/// An answer that no supported version gives.
pub(super) fn unexpected(access: &Access, step: Step, what: &str) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: step.doing.to_owned(),
        reason: format!("the server's answer has no {what}"),
    }
}

fn unauthorized(access: &Access, words: &str) -> Error {
    Error::Unauthorized {
        cluster: access.description.clone(),
        reason: format!("user '{}': {words}", access.user),
    }
}
