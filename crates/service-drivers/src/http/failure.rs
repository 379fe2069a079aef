//! What a failure means in the contract's words.

use windlass_services::{Access, Error};

use crate::step::Step;

/// A request without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no connection.
    NotSent(String),
    /// No answer in time.
    Elapsed,
    /// The connection broke, or what came over it is no answer.
    Broken(String),
}

impl Failure {
    /// The failure of a request that only looks.
    pub(crate) fn of_look(self, access: &Access, step: Step, has_acted: bool) -> Error {
        if has_acted {
            return self.later(access, step);
        }
        match self {
            Self::NotSent(reason) | Self::Broken(reason) => unreachable(access, &reason),
            Self::Elapsed => {
                unreachable(access, &format!("gave no answer within {:?}", step.within))
            }
        }
    }

    /// The failure of a request that changes something.
    pub(crate) fn of_act(self, access: &Access, step: Step, had_acted: bool) -> Error {
        match self {
            Self::NotSent(reason) if !had_acted => unreachable(access, &reason),
            other => other.later(access, step),
        }
    }

    fn later(self, access: &Access, step: Step) -> Error {
        match self {
            Self::Elapsed => Error::NoAnswer {
                cluster: access.description.clone(),
                doing: step.doing.to_owned(),
                after: step.within,
            },
            Self::NotSent(reason) | Self::Broken(reason) => failed(access, step, reason),
        }
    }
}

/// An answer in a form that no supported version gives.
pub(crate) fn unexpected(access: &Access, step: Step, reason: &str) -> Error {
    failed(access, step, format!("unexpected answer: {reason}"))
}

pub(crate) fn failed(access: &Access, step: Step, reason: String) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: step.doing.to_owned(),
        reason,
    }
}

pub(crate) fn full(access: &Access, reason: String) -> Error {
    Error::Full {
        cluster: access.description.clone(),
        reason,
    }
}

pub(crate) fn unsupported(access: &Access, reason: String) -> Error {
    Error::Unsupported {
        cluster: access.description.clone(),
        reason,
    }
}

pub(crate) fn conflict(access: &Access, what: String, reason: String) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what,
        reason,
    }
}

pub(crate) fn missing(access: &Access, what: String) -> Error {
    Error::Missing {
        cluster: access.description.clone(),
        what,
    }
}

/// Nothing was done.
pub(crate) fn unreachable(access: &Access, reason: &str) -> Error {
    Error::Unreachable {
        cluster: access.description.clone(),
        reason: format!(
            "{}:{}: {reason}",
            access.endpoint.host, access.endpoint.port
        ),
    }
}

/// An error's words with all causes.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
