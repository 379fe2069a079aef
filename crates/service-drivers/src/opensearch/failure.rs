//! The server's refusals in the contract's words.

use http::StatusCode;
use serde_json::Value;
use windlass_services::{Access, Error};

use crate::http::Answer;
use crate::http::answer::line;
pub(super) use crate::http::failure::{
    Failure, conflict, failed, full, missing, unexpected, unreachable, unsupported,
};
use crate::step::Step;

/// What the server says when it has no room: disk, and shards.
const FULL: [&str; 3] = [
    "flood-stage",
    "read-only-allow-delete",
    "maximum shards open",
];

/// The server's refusal.
pub(super) fn refusal(access: &Access, step: Step, answer: &Answer) -> Error {
    let reason = words(answer);
    if FULL.iter().any(|words| reason.contains(words)) {
        return full(access, reason);
    }
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorized {
            cluster: access.description.clone(),
            reason: format!("user '{}': {reason}", access.user),
        },
        status => failed(access, step, format!("{reason} (HTTP {})", status.as_u16())),
    }
}

/// The server's words, on one line. They quote names, never what a request had in its body.
pub(super) fn words(answer: &Answer) -> String {
    let object = answer.json();
    let text = object.as_ref().and_then(|object| {
        let error = object.get("error");
        error
            .and_then(|error| error.get("reason"))
            .or_else(|| object.get("message"))
            .or(error)
            .and_then(Value::as_str)
    });
    match (text, answer.status) {
        (Some(text), _) => line(text),
        // These are not JSON.
        (None, StatusCode::UNAUTHORIZED) => "unknown user or wrong password".to_owned(),
        (None, StatusCode::SERVICE_UNAVAILABLE) => "it is not ready yet".to_owned(),
        (None, _) => "an answer that is not the server's".to_owned(),
    }
}

/// Whether it is the server itself that says that there is no such object, and not another program's page at that
/// address.
pub(super) fn is_not_found(answer: &Answer) -> bool {
    let says_so = |body: &Value| {
        let known = ["status", "error", "found"];
        body.as_object().is_some_and(|object| {
            object.is_empty() || known.iter().any(|key| object.contains_key(*key))
        })
    };
    answer.status == StatusCode::NOT_FOUND && answer.json().as_ref().is_some_and(says_so)
}
