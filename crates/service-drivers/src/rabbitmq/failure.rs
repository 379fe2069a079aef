//! RabbitMQ's refusals in the contract's words.

use http::StatusCode;
use windlass_services::{Access, Error};

use crate::http::Answer;
use crate::http::answer::line;
pub(super) use crate::http::failure::{
    Failure, conflict, failed, full, missing, unexpected, unreachable, unsupported,
};
use crate::step::Step;

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
    let object = answer.json();
    let text = object
        .as_ref()
        .and_then(|object| object.get("reason").or_else(|| object.get("error")))
        .map(|reason| {
            reason
                .as_str()
                .map_or_else(|| reason.to_string(), str::to_owned)
        });
    let text = text.unwrap_or_else(|| "an answer that is not RabbitMQ's".to_owned());
    line(&text)
}
