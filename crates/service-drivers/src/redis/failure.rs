//! What a failure of the server means in the contract's words.

use std::io;

use windlass_services::{Access, Error};

use crate::step::Step;

/// A command that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer in time.
    Elapsed(Step),
    /// The connection failed.
    Connection(Step, io::Error),
    /// The server refused, in these words.
    Refused(Step, String),
}

impl Failure {
    /// Whether the server refused with this code.
    pub(super) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused(_, words) if code_of(words) == code)
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
            Self::Refused(step, words) => match code_of(&words) {
                // No memory left that could be freed, or the disk.
                "OOM" => Error::Full {
                    cluster,
                    reason: words,
                },
                "MISCONF" if words.contains("No space left") => Error::Full {
                    cluster,
                    reason: words,
                },
                "NOPERM" | "NOAUTH" => unauthorized(access, &words),
                // Before the first command of a call is done, and never after.
                "LOADING" => Error::Unreachable {
                    cluster,
                    reason: words,
                },
                _ => Error::Failed {
                    cluster,
                    doing: step.doing.to_owned(),
                    reason: words,
                },
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
            Self::Refused(_, words) => {
                if matches!(code_of(&words), "WRONGPASS" | "NOPERM" | "NOAUTH")
                    || words.contains("without any password configured")
                {
                    return unauthorized(access, &words);
                }
                if words.contains("max number of clients") {
                    let reason = format!(
                        "{words}: the application has opened more connections than its limit, and those that are kept \
                         free for the administrator; stop it or have it close some, and try again"
                    );
                    return Error::Full { cluster, reason };
                }
                // Loading its data, or not ours to talk to.
                format!("{place}: {words}")
            }
        };
        Error::Unreachable { cluster, reason }
    }
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

/// The first word of a refusal.
fn code_of(words: &str) -> &str {
    words.split(' ').next().unwrap_or_default()
}
