//! Repositories of applications.

use axum::Json;
use axum::extract::State;
use windlass_model::id::ApplicationId;

use super::Answer;
use crate::error::Problem;
use crate::extract::{Caller, Id};
use crate::state::AppState;
use crate::wire::application::Repository;

/// The repository of an application; its id is the application's.
#[utoipa::path(get, path = "/apps/v3/repositories/{id}/", tag = "repositories", params(("id" = String, Path)), responses((status = 200, body = Repository), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<ApplicationId>,
) -> Answer<Repository> {
    let view = state.platform.application(&context, id).await?;
    let url = state.platform.repository_url(&view.application);
    Ok(Json(Repository {
        uuid: id.to_string(),
        dsn: url.clone(),
        state: "CLONED",
        url,
    }))
}
