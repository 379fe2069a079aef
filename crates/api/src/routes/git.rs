//! git over HTTP: the request goes to the application's repository as it is, its body and the answer's
//! as streams.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, StatusCode, header};
use windlass_delivery::build::GitRequest;

use crate::error::ApiError;
use crate::extract::Caller;
use crate::state::AppState;

/// Serves a git request. What it does to the repository goes on to its end or not at all, whether or
/// not the client stays: that is git's own doing, in a process of its own.
pub(super) async fn serve(
    State(state): State<AppState>,
    Caller(context): Caller,
    Path((repository, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let slug = repository
        .strip_suffix(".git")
        .ok_or_else(|| ApiError::not_found("repository", &repository))?;
    let (parts, body) = request.into_parts();
    let request = GitRequest {
        method: parts.method.to_string(),
        path: format!("/{path}"),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        content_type: text(&parts.headers, header::CONTENT_TYPE.as_str()),
        content_encoding: text(&parts.headers, header::CONTENT_ENCODING.as_str()),
        git_protocol: text(&parts.headers, "git-protocol"),
        user: context.email.clone(),
        body: body
            .into_data_stream()
            .map_err(std::io::Error::other)
            .boxed(),
    };
    let answer = state.platform.serve_git(&context, slug, request).await?;
    let mut response = Response::new(Body::from_stream(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| {
        ApiError::internal(format!(
            "the builder answered with status {}",
            answer.status
        ))
    })?;
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse()) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
