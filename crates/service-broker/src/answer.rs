//! What came of a request.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::spec::ErrorBody;
use crate::words::clean;

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// There was no connection: the broker knows nothing of it.
    NotSent(String),
    /// It was sent, and no answer came in that time.
    NoAnswer(Duration),
    /// It was sent, wholly or in part, and the connection broke, or what came over it is no answer.
    Cut(String),
    /// It was answered.
    Answered(Answer),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// How long the broker wants us to wait.
    pub retry_after: Option<Duration>,
    /// The version of what is answered.
    pub etag: Option<String>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// It is larger than anything that a broker has to say; the limit is what we read.
    TooLarge,
    /// It did not come to its end.
    Cut(String),
}

/// A body may hold credentials.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::TooLarge => f.write_str("TooLarge"),
            Self::Cut(reason) => write!(f, "Cut({reason:?})"),
        }
    }
}

impl Outcome {
    /// How long the broker wants us to wait, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered(answer) => answer.retry_after,
            Self::NotSent(_) | Self::NoAnswer(_) | Self::Cut(_) => None,
        }
    }
}

impl Answer {
    /// The body as an object of the specification.
    ///
    /// # Errors
    /// Why it is none. Without what stands in it, for that may be a password.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        let bytes = match &self.body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge => return Err("the answer is too large".to_owned()),
            Body::Cut(reason) => return Err(reason.clone()),
        };
        if bytes.trim_ascii().is_empty() {
            return Err("the answer is empty".to_owned());
        }
        // Structs are read from arrays too, which no broker means.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err("the answer is no JSON object".to_owned());
        }
        serde_json::from_slice(bytes).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                Category::Data => {
                    format!("a field of the answer has the wrong type or is missing ({place})")
                }
                Category::Eof => format!("the answer ends in the middle ({place})"),
                Category::Syntax | Category::Io => format!("the answer is no JSON ({place})"),
            }
        })
    }

    /// The body of an error, as far as it is one.
    pub fn error_body(&self) -> ErrorBody {
        self.read().unwrap_or_default()
    }

    /// The broker's words for the user, and the status.
    pub fn words(&self) -> String {
        let body = self.error_body();
        let code = body.error.as_deref().map(clean).unwrap_or_default();
        let description = body.description.as_deref().map(clean).unwrap_or_default();
        let status = self.status.as_u16();
        match (description.as_str(), code.as_str()) {
            ("", "") => format!("HTTP {status} without a description"),
            ("", words) | (words, "") => format!("{words} (HTTP {status})"),
            (words, code) => format!("{words} (HTTP {status}, {code})"),
        }
    }
}
