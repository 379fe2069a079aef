//! Who asks: the token of a request.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use windlass_platform::Context;

use crate::error::ApiError;
use crate::request::{ClientAddress, Notes, RequestId};
use crate::state::AppState;

/// Lets no request through to the routes of the API that has no valid token.
pub(crate) async fn api(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let token = token(request.headers());
    checked(&state, token, request, next).await
}

/// The same for git, which knows `Basic` only: the password is the token, the user name is not looked at.
pub(crate) async fn git(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let token = token(request.headers()).or_else(|| password(request.headers()));
    checked(&state, token, request, next).await
}

async fn checked(
    state: &AppState,
    token: Option<String>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    match caller(state, token, id).await {
        Ok(mut context) => {
            if let Some(ClientAddress(address)) = request.extensions().get() {
                context.address.clone_from(address);
            }
            if let Some(notes) = request.extensions().get::<Notes>() {
                notes.set_actor(&context.email);
            }
            request.extensions_mut().insert(context);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn caller(
    state: &AppState,
    token: Option<String>,
    id: Option<RequestId>,
) -> Result<Context, ApiError> {
    let token = token.ok_or_else(ApiError::unauthenticated)?;
    Ok(state
        .platform
        .authenticate(&token, id.as_ref().map_or("", |id| &id.0))
        .await?)
}

fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn token(headers: &HeaderMap) -> Option<String> {
    let token = credentials(headers, "token").or_else(|| credentials(headers, "bearer"))?;
    Some(token.to_owned())
}

fn password(headers: &HeaderMap) -> Option<String> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(password.to_owned())
}
