//! The body of a request that changes something, with its caller and its `Idempotency-Key`.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use windlass_platform::Context;

use super::caller::Caller;
use crate::error::ApiError;
use crate::state::AppState;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Longer than any UUID or hash that clients use.
const MAX_KEY: usize = 255;

/// A request that changes something: JSON or a form.
pub(crate) struct Command<T> {
    pub(crate) context: Context,
    pub(crate) body: T,
}

/// No body; whatever is sent is not looked at.
pub(crate) struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Command<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Caller(mut context) = Caller::from_request_parts(&mut parts, state).await?;
        let bytes = collected(body, state).await?;
        if let Some(key) = key(&parts.headers)? {
            let mut hash = Sha256::new();
            for part in [
                parts.method.as_str().as_bytes(),
                parts.uri.to_string().as_bytes(),
            ] {
                hash.update(part);
                hash.update([0]);
            }
            hash.update(&bytes);
            context.idempotency = Some((key, hex::encode(hash.finalize())));
        }
        Ok(Self {
            context,
            body: parsed(&parts.headers, &bytes)?,
        })
    }
}

/// The whole body, within the bounds of size and time.
pub(super) async fn collected(body: Body, state: &AppState) -> Result<Bytes, ApiError> {
    let limited = Limited::new(body, state.settings.max_body_bytes);
    let collected = tokio::time::timeout(state.settings.body_timeout, limited.collect()).await;
    match collected.map_err(|_| ApiError::body_timeout())? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::too_large(state.settings.max_body_bytes))
        }
        Err(_) => Err(ApiError::malformed(
            "The body of the request was cut off; nothing was done. Send it again.",
        )),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=MAX_KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::malformed(format!(
            "The header Idempotency-Key must have 1 to {MAX_KEY} printable ASCII characters."
        ))),
    }
}

pub(super) fn parsed<T: DeserializeOwned>(
    headers: &HeaderMap,
    bytes: &Bytes,
) -> Result<T, ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let is_form = kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded");
    let text = bytes.trim_ascii();
    // `curl -d '{...}'` says that it sends a form.
    if is_form && !text.starts_with(b"{") {
        return read(form(text)).map_err(|error| wrong(&error));
    }
    if text.is_empty() {
        return read(Value::Object(Map::new())).map_err(|error| wrong(&error));
    }
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        ApiError::malformed(format!(
            "The body of the request is not JSON: {error}. Nothing was done."
        ))
    })?;
    if !value.is_object() {
        return Err(ApiError::malformed(
            "The body of the request must be a JSON object. Nothing was done.",
        ));
    }
    read(value).map_err(|error| wrong(&error))
}

fn read<T: DeserializeOwned>(
    value: Value,
) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    serde_path_to_error::deserialize(value)
}

/// The pairs of a form as an object; a name that is given twice has a list.
fn form(text: &[u8]) -> Value {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match object.get_mut(name.as_ref()) {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(object)
}

/// The field that is wrong, in the contract's words. Values are not repeated: they may be secrets.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let text = error.inner().to_string();
    let path = error.path().to_string();
    if let Some(name) = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        let name = if path == "." {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        return ApiError::field(name, "This field is required.");
    }
    // "invalid type: integer `5`, expected a string": what stands before the last part is the value.
    let text = match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{expected} is expected"),
        None => text,
    };
    ApiError::field(path, text)
}
