//! Plan groups.

use axum::Json;
use axum::extract::{RawPathParams, State};
use windlass_model::id::OrganisationId;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::template::PlanGroupItem;

/// The plan groups of an organisation: there is one, with every region.
#[utoipa::path(get, path = "/billing/v3/application-plan-groups/", tag = "application-plan-groups", params(Paging, ("organisation" = Option<String>, Query)), responses((status = 200, body = List<PlanGroupItem>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<PlanGroupItem>> {
    let request = params.page(PAGE)?;
    let rows = match params.id::<OrganisationId>("organisation")? {
        Some(other) if !context.organisations().contains(&other) => Vec::new(),
        _ => vec![state.platform.plan_group(&context).await?],
    };
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |group| group.id.to_owned(),
        Into::into,
    )?))
}

/// A plan group.
#[utoipa::path(get, path = "/billing/v3/application-plan-groups/{id}/", tag = "application-plan-groups", params(("id" = String, Path)), responses((status = 200, body = PlanGroupItem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    path: RawPathParams,
) -> Answer<PlanGroupItem> {
    let group = state.platform.plan_group(&context).await?;
    let mut named = path.iter().filter(|(name, _)| *name == "id");
    match named.next() {
        Some((_, id)) if id == group.id => Ok(Json(group.into())),
        other => Err(ApiError::not_found(
            "plan group",
            other.map_or("", |(_, id)| id),
        )),
    }
}
