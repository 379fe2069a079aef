//! What an endpoint answers.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use instant_xml::FromXml;

/// Of an error's words, what is passed on.
const MOST_WORDS: usize = 300;

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// S3's form of an error.
#[derive(Debug, FromXml)]
#[xml(rename = "Error")]
struct Refusal {
    #[xml(rename = "Code")]
    code: String,
    #[xml(rename = "Message")]
    message: Option<String>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it is that error, whatever its status is.
    pub(super) fn is(&self, code: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == code)
    }

    /// Whether it is an error: also in an answer that begins as a good one.
    pub(super) fn is_refusal(&self) -> bool {
        !self.status.is_success() || self.refusal().is_some()
    }

    /// Whether the same may be accepted later.
    pub(super) fn is_transient(&self) -> bool {
        self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || ["InternalError", "SlowDown", "ServiceUnavailable"]
                .into_iter()
                .any(|code| self.is(code))
    }

    /// Whether there is no room.
    pub(super) fn is_full(&self) -> bool {
        let codes = ["QuotaExceeded", "ServiceQuotaExceeded", "XMinioStorageFull"];
        self.status == StatusCode::INSUFFICIENT_STORAGE
            || codes.into_iter().any(|code| self.is(code))
    }

    /// The error's words on one line. What else stands in it, such as what was signed, is left out.
    pub(super) fn words(&self) -> String {
        let status = self.status.as_u16();
        let Some(refusal) = self.refusal() else {
            return format!("an answer that is not S3's (HTTP {status})");
        };
        let words = format!("{}: {}", refusal.code, refusal.message.unwrap_or_default());
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let line: String = line.chars().take(MOST_WORDS).collect();
        format!("{line} (HTTP {status})")
    }

    fn refusal(&self) -> Option<Refusal> {
        let text = std::str::from_utf8(&self.body).ok()?;
        instant_xml::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_without_what_was_signed() {
        let answer = |status, body: &'static str| Answer {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let refused = answer(
            StatusCode::FORBIDDEN,
            "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>Check\n your &quot;key&quot;.</Message>\
             <StringToSign>hush</StringToSign></Error>",
        );
        assert_eq!(
            refused.words(),
            "SignatureDoesNotMatch: Check your \"key\". (HTTP 403)"
        );
        // An upload that could not be finished may be answered like this.
        let late = answer(StatusCode::OK, "<Error><Code>InternalError</Code></Error>");
        assert!(late.is_refusal() && late.is_transient());
        for body in ["<h1>Not Found</h1>", "", "{}"] {
            let other = answer(StatusCode::BAD_GATEWAY, body);
            assert!(other.is_refusal() && other.is_transient(), "{body}");
            assert!(other.words().contains("HTTP 502"), "{}", other.words());
        }
        let good = answer(StatusCode::OK, "<CompleteMultipartUploadResult/>");
        assert!(!good.is_refusal());
    }
}
