//! The caller of a handler.

use axum::extract::FromRequestParts;
use http::request::Parts;
use windlass_platform::Context;

use crate::error::ApiError;
use crate::state::AppState;

/// The caller, whom [`crate::auth`] has let through.
pub(crate) struct Caller(pub(crate) Context);

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        // A route that is mounted without the check has no caller: closed, not open.
        parts
            .extensions
            .get::<Context>()
            .cloned()
            .map(Self)
            .ok_or_else(ApiError::unauthenticated)
    }
}
