//! The answer to a poll.

use http::StatusCode;

use super::{Attempt, Decision, Failed};
use crate::answer::{Answer, Outcome};
use crate::decide::request::redirected;
use crate::failure::Failure;
use crate::spec::{LastOperation, State};
use crate::words::clean;

/// What an answer to a poll of that attempt means. What is no valid answer decides nothing: polling goes on
/// until its time is over.
pub fn decide_poll(attempt: Attempt, outcome: &Outcome) -> Decision<LastOperation> {
    let answer = match outcome {
        Outcome::NotSent(reason) => return Decision::Retry(Failure::NotSent(reason.clone())),
        Outcome::NoAnswer(after) => return Decision::Retry(Failure::NoAnswer(*after)),
        Outcome::Cut(reason) => return Decision::Retry(Failure::Cut(reason.clone())),
        Outcome::Answered(answer) => answer,
    };
    match answer.status {
        StatusCode::OK => state(attempt, answer),
        StatusCode::GONE if attempt.deletes() => Decision::Success(succeeded()),
        StatusCode::GONE | StatusCode::NOT_FOUND => {
            Decision::Retry(Failure::Forgotten(answer.words()))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Decision::Retry(Failure::Unauthorized(answer.words()))
        }
        status if status.is_redirection() => {
            Decision::Retry(Failure::Malformed(redirected(status)))
        }
        status if status.is_success() => {
            let what = format!("HTTP {} means nothing at a poll", status.as_u16());
            Decision::Retry(Failure::Malformed(what))
        }
        _ => Decision::Retry(Failure::Server(answer.words())),
    }
}

fn state(attempt: Attempt, answer: &Answer) -> Decision<LastOperation> {
    let operation: LastOperation = match answer.read() {
        Ok(operation) => operation,
        Err(reason) => return Decision::Retry(Failure::Malformed(reason)),
    };
    match operation.state {
        State::Succeeded => Decision::Success(operation),
        State::InProgress => Decision::InProgress {
            answer: operation,
            operation: None,
            retry_after: answer.retry_after,
        },
        State::Failed => {
            let description = operation.description.as_deref().map(clean);
            Decision::Failed(Failed {
                failure: Failure::Reported {
                    description: description
                        .filter(|text| !text.is_empty())
                        .unwrap_or_else(|| "without a description".to_owned()),
                    instance_usable: operation.instance_usable.unwrap_or(true),
                    update_repeatable: operation.update_repeatable.unwrap_or(true),
                },
                mitigate: attempt.creates(),
                repeat: attempt.deletes(),
            })
        }
    }
}

fn succeeded() -> LastOperation {
    LastOperation {
        state: State::Succeeded,
        description: None,
        instance_usable: None,
        update_repeatable: None,
    }
}
