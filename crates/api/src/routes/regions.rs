//! Regions and what they offer.

use axum::Json;
use axum::extract::State;
use windlass_model::id::{RegionId, ServiceId};
use windlass_platform::Context;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::region::{RegionItem, ServiceItem};

/// The regions; those with the given ids, or all.
#[utoipa::path(get, path = "/apps/v3/regions/",
    operation_id = "list", tag = "regions", params(Paging, ("uuid" = Option<Vec<String>>, Query)), responses((status = 200, body = List<RegionItem>)))]
pub(super) async fn regions(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<RegionItem>> {
    let request = params.page(PAGE)?;
    let wanted: Vec<&str> = params.all("uuid").collect();
    let mut rows = state.platform.regions(&context).await?;
    rows.retain(|region| wanted.is_empty() || wanted.contains(&region.id.to_string().as_str()));
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )?))
}

/// A region.
#[utoipa::path(get, path = "/apps/v3/regions/{id}/",
    operation_id = "show", tag = "regions", params(("id" = String, Path)), responses((status = 200, body = RegionItem), (status = 404, body = Problem)))]
pub(super) async fn region(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<RegionId>,
) -> Answer<RegionItem> {
    Ok(Json(state.platform.region(&context, id).await?.into()))
}

/// The services that a region offers, or that any does.
#[utoipa::path(get, path = "/apps/v3/services/",
    operation_id = "list", tag = "services", params(Paging, ("region" = Option<String>, Query, description = "The region's id or slug")), responses((status = 200, body = List<ServiceItem>), (status = 404, body = Problem)))]
pub(super) async fn services(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<ServiceItem>> {
    let request = params.page(PAGE)?;
    let region = match params.text("region") {
        Some(text) => Some(named_region(&state, &context, text).await?),
        None => None,
    };
    let rows = state.platform.services(&context, region).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )?))
}

/// A service.
#[utoipa::path(get, path = "/apps/v3/services/{id}/",
    operation_id = "show", tag = "services", params(("id" = String, Path)), responses((status = 200, body = ServiceItem), (status = 404, body = Problem)))]
pub(super) async fn service(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<ServiceId>,
) -> Answer<ServiceItem> {
    Ok(Json(state.platform.service(&context, id).await?.into()))
}

async fn named_region(
    state: &AppState,
    context: &Context,
    text: &str,
) -> Result<RegionId, ApiError> {
    let regions = state.platform.regions(context).await?;
    let named = regions
        .iter()
        .find(|region| region.id.to_string() == text || region.slug.as_str() == text);
    named
        .map(|region| region.id)
        .ok_or_else(|| ApiError::not_found("region", text))
}
