//! Releases, and the way back to one.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::EnvironmentId;

use super::{Answer, Made};
use crate::error::Problem;
use crate::extract::{Caller, Command, Id, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::deployment::DeploymentDetail;
use crate::wire::release::{ReleaseItem, Rollback};

/// The releases of an environment, newest first.
#[utoipa::path(get, path = "/apps/v3/environments/{id}/releases/", tag = "releases", params(Paging, ("id" = String, Path)), responses((status = 200, body = List<ReleaseItem>), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<EnvironmentId>,
    params: Params,
) -> Answer<List<ReleaseItem>> {
    let request = params.page(PAGE)?;
    let page = state.platform.releases(&context, id, &request).await?;
    Ok(Json(List::page(&params, &request, page, Into::into)))
}

/// Makes a release run again: its image, its variables, its bindings.
#[utoipa::path(post, path = "/apps/v3/environments/{id}/rollback/", tag = "releases", params(("id" = String, Path)), request_body = Rollback, responses((status = 201, body = DeploymentDetail), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn rollback(
    State(state): State<AppState>,
    Id(id): Id<EnvironmentId>,
    command: Command<Rollback>,
) -> Made<DeploymentDetail> {
    let number = command.body.release;
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.rollback(&context, id, number).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}
