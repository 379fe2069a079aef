//! A request of somebody who has no token.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::body::{collected, parsed};
use crate::error::ApiError;
use crate::request::{ClientAddress, RequestId};
use crate::state::AppState;

/// A request of somebody who has no token; what it may do is in its body.
pub(crate) struct Stranger<T> {
    pub(crate) request_id: String,
    pub(crate) address: String,
    pub(crate) body: T,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Stranger<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = collected(body, state).await?;
        let id = parts.extensions.get::<RequestId>();
        let address = parts.extensions.get::<ClientAddress>();
        Ok(Self {
            request_id: id.map(|id| id.0.to_string()).unwrap_or_default(),
            address: address.map(|at| at.0.clone()).unwrap_or_default(),
            body: parsed(&parts.headers, &bytes)?,
        })
    }
}
