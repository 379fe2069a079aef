//! Garage's refusals in the contract's words.

use http::StatusCode;
use windlass_services::{Access, Error};

use crate::http::Answer;
use crate::http::answer::line;
pub(super) use crate::http::failure::{
    Failure, conflict, failed, full, missing, unexpected, unreachable, unsupported,
};
use crate::step::Step;

/// The administration's refusal.
pub(super) fn refusal(access: &Access, step: Step, answer: &Answer) -> Error {
    let reason = words(answer);
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorized {
            cluster: access.description.clone(),
            reason,
        },
        status => failed(access, step, format!("{reason} (HTTP {})", status.as_u16())),
    }
}

/// The server's short name of an error, in either of its APIs; none if it is another program that answers.
pub(super) fn code(answer: &Answer) -> Option<String> {
    if let Some(object) = answer.json() {
        return Some(object.get("code")?.as_str()?.to_owned());
    }
    between(&String::from_utf8_lossy(&answer.body), "Code")
}

/// The server's words, on one line. They quote names and ids, never a secret.
pub(super) fn words(answer: &Answer) -> String {
    let text = match answer.json() {
        Some(object) => object
            .get("message")
            .and_then(|text| text.as_str().map(str::to_owned)),
        None => between(&String::from_utf8_lossy(&answer.body), "Message"),
    };
    line(&text.unwrap_or_else(|| "an answer that is not Garage's".to_owned()))
}

/// What is in an element of S3's errors, which hold no other markup.
fn between(text: &str, element: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    let (inner, _) = rest.split_once(&format!("</{element}>"))?;
    Some(inner.to_owned())
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{code, words};
    use crate::http::Answer;

    #[test]
    fn both_apis_and_strangers_are_understood() {
        let answer = |body: &'static str| Answer {
            status: StatusCode::NOT_FOUND,
            headers: http::HeaderMap::new(),
            body: body.into(),
        };
        let json = answer("{\"code\":\"NoSuchBucket\",\"message\":\"Bucket not\\n found\"}");
        let xml = answer(
            "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message>Bucket not found</Message></Error>",
        );
        for answer in [json, xml] {
            assert_eq!(code(&answer).as_deref(), Some("NoSuchBucket"));
            assert_eq!(words(&answer), "Bucket not found");
        }
        for body in ["<h1>Not Found</h1>", "", "[]", "{}"] {
            assert_eq!(code(&answer(body)), None, "{body}");
            assert_eq!(words(&answer(body)), "an answer that is not Garage's");
        }
    }
}
