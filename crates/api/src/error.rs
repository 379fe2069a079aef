//! What a request is answered with when it is not done: the one way from errors to HTTP.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use windlass_model::id::OperationId;
use windlass_platform::{Error, FieldError};

/// An error on its way out. The body is written by [`crate::request::around`], which knows the request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) text: Text,
    pub(crate) operation: Option<OperationId>,
    /// What is for the server's log only.
    pub(crate) internal: Option<String>,
}

/// What the error says, by the key that it is said under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// `detail`: about the credentials.
    Detail(String),
    /// `non_field_errors`.
    General(String),
    /// One list for each field.
    Fields(Vec<(String, String)>),
}

/// The body of an error. Errors of fields come as one list of texts under each field's name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What is wrong, why, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) non_field_errors: Option<Vec<String>>,
    /// What is wrong with the credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// A stable code for programs.
    pub(crate) code: &'static str,
    /// The operation that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    /// The id of the request, which the server's log has.
    pub(crate) request_id: String,
    /// Texts by field.
    #[serde(flatten)]
    pub(crate) fields: BTreeMap<String, Vec<String>>,
}

impl ApiError {
    fn general(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code,
            text: Text::General(text.into()),
            operation: None,
            internal: None,
        }
    }

    /// No token, or none that is known.
    pub(crate) fn unauthenticated() -> Self {
        let text = "A valid token is needed: 'Authorization: Token <token>'. 'windlass login' stores one for the command line.";
        Self {
            text: Text::Detail(text.to_owned()),
            ..Self::general(StatusCode::UNAUTHORIZED, "unauthenticated", "")
        }
    }

    /// A body that cannot be read.
    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::general(StatusCode::BAD_REQUEST, "malformed", text)
    }

    /// A body that did not come in time.
    pub(crate) fn body_timeout() -> Self {
        Self::general(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "The body of the request did not come in time; nothing was done. Send it again.",
        )
    }

    /// A body that is too large.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::general(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("The body of a request may have {limit} bytes at most; nothing was done."),
        )
    }

    /// Fields that cannot be used.
    pub(crate) fn fields(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            text: Text::Fields(fields.into_iter().collect()),
            ..Self::general(StatusCode::BAD_REQUEST, "invalid", "")
        }
    }

    /// One field that cannot be used.
    pub(crate) fn field(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::fields([(name.into(), text.into())])
    }

    /// An object that is not there.
    pub(crate) fn not_found(what: &str, name: &str) -> Self {
        let name: String = name.chars().take(64).collect();
        Self::general(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("{what} '{name}' does not exist"),
        )
    }

    /// An environment that is not there, by its name. The contract's own words.
    pub(crate) fn no_environment(slug: &str) -> Self {
        let slug: String = slug.chars().take(64).collect();
        Self::general(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("Environment with the name '{slug}' does not exist."),
        )
    }

    /// No such route.
    pub(crate) fn no_route(path: &str) -> Self {
        Self::general(
            StatusCode::NOT_FOUND,
            "not_found",
            format!(
                "there is nothing at {}; /openapi.json lists what there is",
                cut(path)
            ),
        )
    }

    /// A route that does not take this method.
    pub(crate) fn method_not_allowed(method: &http::Method, path: &str) -> Self {
        let text = format!(
            "{} does not take {}; /openapi.json lists what it takes",
            cut(path),
            method.as_str()
        );
        Self::general(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text)
    }

    /// A fault of Windlass. `text` goes to the server's log only.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        let shown =
            "Windlass met a fault of its own. The server's log says more under the request's id.";
        Self {
            internal: Some(text.into()),
            ..Self::general(StatusCode::INTERNAL_SERVER_ERROR, "internal", shown)
        }
    }

    /// The body.
    pub(crate) fn problem(self, request_id: &str) -> Problem {
        let mut problem = Problem {
            non_field_errors: None,
            detail: None,
            code: self.code,
            operation: self.operation.map(|id| id.to_string()),
            request_id: request_id.to_owned(),
            fields: BTreeMap::new(),
        };
        match self.text {
            Text::Detail(text) => problem.detail = Some(text),
            Text::General(text) => problem.non_field_errors = Some(vec![text]),
            Text::Fields(fields) => {
                for (field, text) in fields {
                    problem.fields.entry(field).or_default().push(text);
                }
            }
        }
        problem
    }

    /// For people, without a shape.
    pub(crate) fn plain(&self) -> String {
        match &self.text {
            Text::Detail(text) | Text::General(text) => text.clone(),
            Text::Fields(fields) => fields
                .iter()
                .map(|(field, text)| format!("{field}: {text}"))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }
}

fn cut(path: &str) -> String {
    path.chars().take(200).collect()
}

// === impl From<Error> ===

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(fields) => Self::fields(
                fields
                    .into_iter()
                    .map(|FieldError { field, message }| (field.to_owned(), message)),
            ),
            Error::Refused {
                code,
                message,
                operation,
            } => Self {
                operation,
                ..Self::general(StatusCode::BAD_REQUEST, code, message)
            },
            Error::NotFound { what, name } => Self::not_found(what, &name),
            Error::Unauthenticated => Self::unauthenticated(),
            Error::Unavailable(message) => Self {
                internal: Some(message.clone()),
                ..Self::general(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            },
            Error::Internal(message) => Self::internal(message),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
