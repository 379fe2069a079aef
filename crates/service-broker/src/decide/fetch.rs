//! The answer to a question for an instance, a binding or the catalogue.

use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, Outcome};
use crate::decide::request::redirected;
use crate::failure::Failure;
use crate::spec::ErrorCode;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Another try may have one.
    Retry(Failure),
    /// Another try has none either.
    Final(Failure),
}

impl Unanswered {
    /// Why.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Retry(failure) | Self::Final(failure) => failure,
        }
    }
}

/// What an answer to a question means: nothing was changed by it, so that most failures are worth another try.
pub fn decide_fetch<T: DeserializeOwned>(outcome: &Outcome) -> Result<T, Unanswered> {
    let body = answered(outcome)?.read();
    body.map_err(|reason| Unanswered::Retry(Failure::Malformed(reason)))
}

/// The answer with status 200, or what follows from there being none.
pub(crate) fn answered(outcome: &Outcome) -> Result<&Answer, Unanswered> {
    let answer = match outcome {
        Outcome::NotSent(reason) => {
            return Err(Unanswered::Retry(Failure::NotSent(reason.clone())));
        }
        Outcome::NoAnswer(after) => return Err(Unanswered::Retry(Failure::NoAnswer(*after))),
        Outcome::Cut(reason) => return Err(Unanswered::Retry(Failure::Cut(reason.clone()))),
        Outcome::Answered(answer) => answer,
    };
    let words = || answer.words();
    Err(match answer.status {
        StatusCode::OK => return Ok(answer),
        StatusCode::NOT_FOUND | StatusCode::GONE => Unanswered::Retry(Failure::Missing(words())),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Unanswered::Final(Failure::Unauthorized(words()))
        }
        StatusCode::PRECONDITION_FAILED => Unanswered::Final(Failure::Version(words())),
        StatusCode::UNPROCESSABLE_ENTITY
            if answer.error_body().code() == Some(ErrorCode::ConcurrencyError) =>
        {
            Unanswered::Retry(Failure::Busy(words()))
        }
        status if status.is_redirection() => {
            Unanswered::Final(Failure::Malformed(redirected(status)))
        }
        status if status.is_client_error() => Unanswered::Final(Failure::Refused {
            status: status.as_u16(),
            description: words(),
            instance_usable: true,
            update_repeatable: true,
        }),
        status if status.is_success() => {
            let what = format!("HTTP {} means nothing here", status.as_u16());
            Unanswered::Retry(Failure::Malformed(what))
        }
        _ => Unanswered::Retry(Failure::Server(words())),
    })
}
