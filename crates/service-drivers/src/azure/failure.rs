//! The service's refusals in the contract's words.

use http::StatusCode;
use windlass_services::{Access, Error};

use crate::http::Answer;
use crate::http::answer::line;
pub(super) use crate::http::failure::{
    Failure, conflict, failed, full, missing, unexpected, unreachable, unsupported,
};
use crate::http::xml;
use crate::step::Step;

/// A refusal of a signed request.
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

/// The service's short name of an error; none if it is another program that answers.
pub(super) fn code(answer: &Answer) -> Option<String> {
    if let Some(code) = answer.header("x-ms-error-code") {
        return Some(code.to_owned());
    }
    let text = String::from_utf8_lossy(&answer.body);
    xml::first(&text, "Code").map(str::to_owned)
}

/// Whether it is refused with that short name.
pub(super) fn is(answer: &Answer, names: &[&str]) -> bool {
    !answer.status.is_success() && code(answer).is_some_and(|code| names.contains(&code.as_str()))
}

/// The service's short name of the error and its words up to the request's number, on one line. Its further words on a
/// wrong signature, which quote what was signed, are left out.
pub(super) fn words(answer: &Answer) -> String {
    let Some(code) = code(answer) else {
        return "an answer that is not Azure's".to_owned();
    };
    let text = String::from_utf8_lossy(&answer.body);
    let message = xml::first(&text, "Message").unwrap_or_default();
    let message = message.split("RequestId:").next().unwrap_or_default();
    let message = xml::unescaped(message);
    line(&format!("{code}: {message}"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::{code, words};
    use crate::http::Answer;

    #[test]
    fn errors_are_taken_from_the_header_or_the_body() {
        let body = "\u{feff}<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to \
                    authenticate the request.\nRequestId:1\nTime:2</Message><AuthenticationErrorDetail>The MAC signature \
                    'hush'</AuthenticationErrorDetail></Error>";
        let answer = |body: &'static str| Answer {
            status: StatusCode::FORBIDDEN,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let whole = answer(body);
        assert_eq!(code(&whole).as_deref(), Some("AuthenticationFailed"));
        let said = "AuthenticationFailed: Server failed to authenticate the request.";
        assert_eq!(words(&whole), said);
        let mut head = answer("");
        let name = HeaderValue::from_static("ContainerNotFound");
        head.headers.insert("x-ms-error-code", name);
        assert_eq!(words(&head), "ContainerNotFound:");
        assert_eq!(
            words(&answer("<h1>No</h1>")),
            "an answer that is not Azure's"
        );
    }
}
