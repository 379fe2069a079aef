//! Environments.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{ApplicationId, EnvironmentId};

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Params};
use crate::page::{LONG_PAGE, List, Paging};
use crate::state::AppState;
use crate::wire::environment::{
    ChangeEnvironment, CopyEnvironment, CreateEnvironment, EnvironmentItem,
};

/// The environments of an application.
#[utoipa::path(get, path = "/apps/v3/environments/", tag = "environments", params(Paging, ("application" = String, Query), ("slug" = Option<String>, Query)), responses((status = 200, body = List<EnvironmentItem>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<EnvironmentItem>> {
    let request = params.page(LONG_PAGE)?;
    let application = params.id::<ApplicationId>("application")?;
    let application =
        application.ok_or_else(|| ApiError::field("application", "This parameter is required."))?;
    let slug = params.text("slug");
    let rows = state
        .platform
        .environments(&context, application, slug)
        .await?;
    if let (Some(slug), true) = (slug, rows.is_empty()) {
        return Err(ApiError::no_environment(slug));
    }
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.scene.environment.id.to_string(),
        Into::into,
    )?))
}

/// Creates an environment.
#[utoipa::path(post, path = "/apps/v3/environments/", tag = "environments", request_body = CreateEnvironment, responses((status = 201, body = EnvironmentItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateEnvironment>,
) -> Made<EnvironmentItem> {
    let view = state
        .act(command.context, |platform, context| async move {
            platform
                .create_environment(&context, command.body.into())
                .await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// An environment.
#[utoipa::path(get, path = "/apps/v3/environments/{id}/", tag = "environments", params(("id" = String, Path)), responses((status = 200, body = EnvironmentItem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<EnvironmentId>,
) -> Answer<EnvironmentItem> {
    Ok(Json(state.platform.environment(&context, id).await?.into()))
}

/// Another branch, from the next deployment on.
#[utoipa::path(patch, path = "/apps/v3/environments/{id}/", tag = "environments", params(("id" = String, Path)), request_body = ChangeEnvironment, responses((status = 200, body = EnvironmentItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Id(id): Id<EnvironmentId>,
    command: Command<ChangeEnvironment>,
) -> Answer<EnvironmentItem> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform
                .set_branch(&context, id, &command.body.branch)
                .await
        })
        .await?;
    Ok(Json(view.into()))
}

/// Makes an environment like this one: its branch, its custom variables, and services like its own, new and empty.
#[utoipa::path(post, path = "/apps/v3/environments/{id}/copy/", tag = "environments", params(("id" = String, Path)), request_body = CopyEnvironment, responses((status = 201, body = EnvironmentItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn copy(
    State(state): State<AppState>,
    Id(id): Id<EnvironmentId>,
    command: Command<CopyEnvironment>,
) -> Made<EnvironmentItem> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform
                .copy_environment(&context, command.body.of(id))
                .await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}
