//! IAM's query API (version 2010-05-08): forms, and answers in XML.

use http::StatusCode;
use tokio::time::Instant;
use windlass_model::percent::encode;
use windlass_services::Error;

use super::client::Client;
use super::failure::{is, refusal};
use super::limits::{LOOK, POLL, RIGHTS, SETTLES};
use crate::http::Answer;

/// Who asks too often, or while something of the same user is under way, is to ask again.
const LATER: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ConcurrentModification",
    "EntityTemporarilyUnmodifiable",
];
/// There is no such user, policy or key, or not yet.
pub(super) const ABSENT: [&str; 1] = ["NoSuchEntity"];
pub(super) const EXISTS: [&str; 1] = ["EntityAlreadyExists"];
/// Something of the user is still there, or was a moment ago.
pub(super) const CONFLICT: [&str; 1] = ["DeleteConflict"];
/// The user has as many keys as it may have, or had them a moment ago.
pub(super) const TOO_MANY: [&str; 1] = ["LimitExceeded"];

/// Asks for something that may be absent: any answer but one of the access control.
pub(super) async fn look(
    client: &Client<'_>,
    action: &str,
    parameters: &[(&str, &str)],
) -> Result<Answer, Error> {
    let answer = look_at_all(client, action, parameters).await?;
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(refusal(client.access, LOOK, &answer))
        }
        _ => Ok(answer),
    }
}

/// The same, whatever the answer is.
pub(super) async fn look_at_all(
    client: &Client<'_>,
    action: &str,
    parameters: &[(&str, &str)],
) -> Result<Answer, Error> {
    let form = form(action, parameters);
    let started = Instant::now();
    loop {
        let answer = client.look_at_iam(LOOK, &form).await?;
        if !is(&answer, &LATER) || started.elapsed() > SETTLES {
            return Ok(answer);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Has something done. What is refused with one of `passing` is asked for again as long as IAM may need to know what was
/// done before: then that is the answer.
pub(super) async fn act(
    client: &Client<'_>,
    action: &str,
    parameters: &[(&str, &str)],
    passing: &[&str],
) -> Result<Answer, Error> {
    let form = form(action, parameters);
    let started = Instant::now();
    loop {
        let answer = client.act_at_iam(RIGHTS, &form).await?;
        let passes = is(&answer, &LATER) || is(&answer, passing);
        if !passes || started.elapsed() > SETTLES {
            return Ok(answer);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Has something taken away that may be gone.
pub(super) async fn remove(
    client: &Client<'_>,
    action: &str,
    parameters: &[(&str, &str)],
) -> Result<(), Error> {
    let answer = act(client, action, parameters, &CONFLICT).await?;
    if is(&answer, &ABSENT) {
        return Ok(());
    }
    client.accepted(RIGHTS, &answer)
}

fn form(action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2010-05-08");
    for (name, value) in parameters {
        form = format!("{form}&{name}={}", encode(value));
    }
    form
}
