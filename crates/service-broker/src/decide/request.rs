//! The answer to a request that makes, changes or deletes something.

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Attempt, Decision, Failed, rejected, unclear};
use crate::answer::{Answer, Body, Outcome};
use crate::failure::Failure;
use crate::spec::ErrorCode;

/// The specification's limit, in characters.
const MOST_OF_OPERATION: usize = 10_000;

/// What an answer to that attempt means.
pub fn decide<T: DeserializeOwned + Default>(attempt: Attempt, outcome: &Outcome) -> Decision<T> {
    match outcome {
        Outcome::NotSent(reason) => Decision::Retry(Failure::NotSent(reason.clone())),
        Outcome::NoAnswer(after) => unclear(attempt, Failure::NoAnswer(*after)),
        Outcome::Cut(reason) => unclear(attempt, Failure::Cut(reason.clone())),
        Outcome::Answered(answer) => match answer.status.as_u16() {
            200..=299 => success(attempt, answer),
            400..=499 => refusal(attempt, answer),
            // Not followed, so not done: our credentials go nowhere but to the address of the registration.
            300..=399 => rejected(Failure::Refused {
                status: answer.status.as_u16(),
                description: redirected(answer.status),
                instance_usable: true,
                update_repeatable: true,
            }),
            _ => unclear(attempt, Failure::Server(answer.words())),
        },
    }
}

fn success<T: DeserializeOwned>(attempt: Attempt, answer: &Answer) -> Decision<T> {
    let status = answer.status;
    let is_expected = match status {
        StatusCode::OK | StatusCode::ACCEPTED => true,
        StatusCode::CREATED => attempt.creates(),
        _ => false,
    };
    if let Body::Cut(reason) = &answer.body {
        return unclear(attempt, Failure::Cut(reason.clone()));
    }
    if !is_expected {
        let what = format!("HTTP {} means nothing here", status.as_u16());
        return unclear(attempt, Failure::Malformed(what));
    }
    match read(answer) {
        Ok((answer, _)) if status != StatusCode::ACCEPTED => Decision::Success(answer),
        Ok((body, operation)) => Decision::InProgress {
            answer: body,
            operation,
            retry_after: answer.retry_after,
        },
        Err(reason) => {
            let reason = format!("{reason} (HTTP {})", status.as_u16());
            let failure = Failure::Malformed(reason);
            // It existed before: it is not ours to delete.
            if status == StatusCode::OK && attempt.creates() {
                rejected(failure)
            } else {
                unclear(attempt, failure)
            }
        }
    }
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default)]
    operation: Option<String>,
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<(T, Option<String>), String> {
    let body = answer.read()?;
    if answer.status != StatusCode::ACCEPTED {
        return Ok((body, None));
    }
    let operation = answer.read::<Accepted>()?.operation;
    if operation
        .as_ref()
        .is_some_and(|operation| operation.chars().count() > MOST_OF_OPERATION)
    {
        return Err(format!(
            "'operation' has more than {MOST_OF_OPERATION} characters"
        ));
    }
    Ok((body, operation))
}

fn refusal<T: Default>(attempt: Attempt, answer: &Answer) -> Decision<T> {
    let body = answer.error_body();
    let words = answer.words();
    let refused = |description: String| Failure::Refused {
        status: answer.status.as_u16(),
        description,
        instance_usable: body.instance_usable.unwrap_or(true),
        update_repeatable: body.update_repeatable.unwrap_or(true),
    };
    match (answer.status, body.code()) {
        (StatusCode::UNPROCESSABLE_ENTITY, Some(code)) => match code {
            ErrorCode::ConcurrencyError => Decision::Retry(Failure::Busy(words)),
            ErrorCode::RequiresApp => rejected(Failure::NeedsApplication(words)),
            ErrorCode::MaintenanceInfoConflict => rejected(Failure::OutdatedCatalogue(words)),
            ErrorCode::AsyncRequired => rejected(refused(words)),
        },
        (StatusCode::GONE, _) if attempt.deletes() => Decision::Success(T::default()),
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            rejected(Failure::Unauthorized(words))
        }
        (StatusCode::PRECONDITION_FAILED, _) => rejected(Failure::Version(words)),
        (StatusCode::CONFLICT, _) => rejected(Failure::Conflict(words)),
        // The broker, or a proxy before it, waited for the request in vain.
        (StatusCode::REQUEST_TIMEOUT, _) if !attempt.creates() => Decision::Retry(refused(words)),
        _ => rejected(refused(words)),
    }
}

/// Why a redirect is an error.
pub(crate) fn redirected(status: StatusCode) -> String {
    if status == StatusCode::NOT_MODIFIED {
        return "it says that nothing has changed (HTTP 304), and was not asked that".to_owned();
    }
    format!(
        "it redirects to another address (HTTP {}), which is not followed: register the final one",
        status.as_u16()
    )
}

impl Failed {
    /// Whether the broker says that it does not know what is to be deleted, in another way than the
    /// specification's 410: not believed without another look, for an address that leads elsewhere says so too.
    pub fn is_not_found(&self) -> bool {
        matches!(self.failure, Failure::Refused { status: 404, .. })
    }
}
