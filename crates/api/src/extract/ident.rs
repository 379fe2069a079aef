//! The id in a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use windlass_model::id::{
    ApplicationId, BrokerId, DeploymentId, EnvironmentId, InstanceId, InvitationId, OperationId,
    OrganisationId, RegionId, RepositoryId, ServiceId, TokenId, UserId, VariableId,
};
use windlass_model::names::TemplateName;

use crate::error::ApiError;
use crate::state::AppState;

/// An id, and what people call its object.
pub(crate) trait Named: FromStr + Send {
    const WHAT: &'static str;
}

macro_rules! named {
    ($($id:ident $what:literal),+ $(,)?) => {$(
        impl Named for $id {
            const WHAT: &'static str = $what;
        }
    )+};
}

named! {
    ApplicationId "application",
    BrokerId "broker",
    DeploymentId "deployment",
    EnvironmentId "environment",
    InstanceId "service instance",
    InvitationId "invitation",
    OperationId "operation",
    OrganisationId "organisation",
    RegionId "region",
    RepositoryId "repository",
    ServiceId "service",
    TemplateName "template",
    TokenId "token",
    UserId "user",
    VariableId "custom variable",
}

/// The `{id}` of a path. What cannot be an id is the id of nothing.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: Named> FromRequestParts<AppState> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        found(parts, state, |name| name == "id").await.map(Self)
    }
}

/// The `{id}` of a path and the one behind it.
pub(crate) struct Ids<T, U>(pub(crate) T, pub(crate) U);

impl<T: Named, U: Named> FromRequestParts<AppState> for Ids<T, U> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let first = found(parts, state, |name| name == "id").await?;
        Ok(Self(first, found(parts, state, |name| name != "id").await?))
    }
}

async fn found<T: Named>(
    parts: &mut Parts,
    state: &AppState,
    is_it: impl Fn(&str) -> bool + Send + Sync,
) -> Result<T, ApiError> {
    let missing = |given: &str| ApiError::not_found(T::WHAT, given);
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| missing("?"))?;
    let mut named = params.iter().filter(|(name, _)| is_it(name));
    let given = named.next().map_or("", |(_, value)| value);
    given.parse().map_err(|_| missing(given))
}
