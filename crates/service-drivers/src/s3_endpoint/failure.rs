//! The endpoint's refusals in the contract's words.

use http::StatusCode;
use windlass_services::{Access, Error};

use crate::http::Answer;
use crate::http::answer::line;
pub(super) use crate::http::failure::{
    Failure, conflict, failed, full, missing, unexpected, unreachable, unsupported,
};
use crate::http::xml;
use crate::step::Step;

/// What there may not be more of: users, keys, buckets.
const FULL: [&str; 4] = [
    "LimitExceeded",
    "ServiceQuotaExceeded",
    "TooManyBuckets",
    "QuotaExceeded",
];

/// A refusal of a signed request.
pub(super) fn refusal(access: &Access, step: Step, answer: &Answer) -> Error {
    let reason = words(answer);
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorized {
            cluster: access.description.clone(),
            reason,
        },
        _ if is(answer, &FULL) => full(access, reason),
        status => failed(access, step, format!("{reason} (HTTP {})", status.as_u16())),
    }
}

/// The short name of an error, in either API; none if it is another program that answers.
pub(super) fn code(answer: &Answer) -> Option<String> {
    let text = String::from_utf8_lossy(&answer.body);
    xml::first(&text, "Code").map(str::to_owned)
}

/// Whether it is refused with that short name.
pub(super) fn is(answer: &Answer, names: &[&str]) -> bool {
    !answer.status.is_success() && code(answer).is_some_and(|code| names.contains(&code.as_str()))
}

/// The short name of the error and its words, on one line. What further stands in an answer about a wrong signature,
/// which quotes what was signed, is left out.
pub(super) fn words(answer: &Answer) -> String {
    let Some(code) = code(answer) else {
        return format!(
            "an answer that is neither S3's nor IAM's (HTTP {})",
            answer.status.as_u16()
        );
    };
    let text = String::from_utf8_lossy(&answer.body);
    let message = xml::first(&text, "Message").unwrap_or_default();
    line(&format!("{code}: {}", xml::unescaped(message)))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::{code, words};
    use crate::http::Answer;

    #[test]
    fn both_apis_and_strangers_are_understood() {
        let answer = |body: &'static str| Answer {
            status: StatusCode::FORBIDDEN,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let iam = answer(
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>NoSuchEntity</Code><Message>No\n such &quot;user&quot;.</Message></Error></ErrorResponse>",
        );
        assert_eq!(words(&iam), "NoSuchEntity: No such \"user\".");
        let s3 = answer(
            "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message>\
             <StringToSign>hush</StringToSign></Error>",
        );
        assert_eq!(words(&s3), "SignatureDoesNotMatch: Check your key.");
        for body in ["<h1>Not Found</h1>", "", "{}"] {
            assert_eq!(code(&answer(body)), None, "{body}");
            assert!(words(&answer(body)).contains("HTTP 403"), "{body}");
        }
    }
}
