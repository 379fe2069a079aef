//! What a failure of the server means in the contract's words.

use http::StatusCode;
use serde_json::Value;
use windlass_services::{Access, Error};

use super::client::Answer;
use crate::step::Step;

/// The longest of the server's words that are passed on.
const MOST_WORDS: usize = 400;

/// A request without an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// There was no connection.
    NotSent(String),
    /// No answer in time.
    Elapsed,
    /// The connection broke, or what came over it is no answer.
    Broken(String),
}

impl Failure {
    /// The failure of a request that only looks.
    pub(super) fn of_look(self, access: &Access, step: Step, has_acted: bool) -> Error {
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
    pub(super) fn of_act(self, access: &Access, step: Step, had_acted: bool) -> Error {
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

/// The server's refusal.
pub(super) fn refusal(access: &Access, step: Step, answer: &Answer) -> Error {
    let reason = words(answer);
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorized {
            cluster: access.description.clone(),
            reason: format!("user '{}': {reason}", access.user),
        },
        // "virtual host limit of 100 is reached", and the same of users: set by who runs the server.
        StatusCode::BAD_REQUEST if reason.contains("limit of") => full(access, reason),
        status => failed(access, step, format!("{reason} (HTTP {})", status.as_u16())),
    }
}

/// The server's words, on one line. They quote names, never what a request had in its body.
pub(super) fn words(answer: &Answer) -> String {
    let object: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = object
        .as_ref()
        .and_then(|object| object.get("reason").or_else(|| object.get("error")))
        .map(|reason| {
            reason
                .as_str()
                .map_or_else(|| reason.to_string(), str::to_owned)
        });
    let text = text.unwrap_or_else(|| "an answer that is not RabbitMQ's".to_owned());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_WORDS).collect()
}

/// An answer in a form that no supported version gives.
pub(super) fn unexpected(access: &Access, step: Step, reason: &str) -> Error {
    failed(access, step, format!("unexpected answer: {reason}"))
}

pub(super) fn failed(access: &Access, step: Step, reason: String) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: step.doing.to_owned(),
        reason,
    }
}

pub(super) fn full(access: &Access, reason: String) -> Error {
    Error::Full {
        cluster: access.description.clone(),
        reason,
    }
}

pub(super) fn unsupported(access: &Access, reason: String) -> Error {
    Error::Unsupported {
        cluster: access.description.clone(),
        reason,
    }
}

pub(super) fn conflict(access: &Access, what: String, reason: String) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what,
        reason,
    }
}

pub(super) fn missing(access: &Access, what: String) -> Error {
    Error::Missing {
        cluster: access.description.clone(),
        what,
    }
}

/// Nothing was done.
pub(super) fn unreachable(access: &Access, reason: &str) -> Error {
    Error::Unreachable {
        cluster: access.description.clone(),
        reason: format!(
            "{}:{}: {reason}",
            access.endpoint.host, access.endpoint.port
        ),
    }
}

/// An error's words with all causes.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
