//! Applications.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_platform::{Context, NewApplication};
use windlass_records::PageRequest;

use super::{Answer, Made};
use crate::error::{ApiError, Problem, Text};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{LONG_PAGE, List, Paging};
use crate::state::AppState;
use crate::wire::application::{
    ApplicationDetail, ApplicationItem, ChangeApplication, CreateApplication,
};
use crate::wire::operation::OperationItem;

/// The caller's applications.
#[utoipa::path(get, path = "/apps/v3/applications/", tag = "applications", params(Paging, ("slug" = Option<String>, Query), ("organisation" = Option<String>, Query)), responses((status = 200, body = List<ApplicationItem>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<ApplicationItem>> {
    let request = params.page(LONG_PAGE)?;
    let organisation = params.id::<OrganisationId>("organisation")?;
    let page = state
        .platform
        .applications(&context, organisation, params.text("slug"), &request)
        .await?;
    Ok(Json(List::page(&params, &request, page, Into::into)))
}

/// Creates an application with the environments `test` and `live`.
///
/// Without `slug` or `name` nothing is created: the answer says what is missing, and what of the given
/// cannot be used.
#[utoipa::path(post, path = "/apps/v3/applications/", tag = "applications", request_body = CreateApplication, responses((status = 201, body = ApplicationDetail), (status = 400, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateApplication>,
) -> Made<ApplicationDetail> {
    let Command { context, body } = command;
    let missing: Vec<&str> = [("slug", body.slug.is_none()), ("name", body.name.is_none())]
        .into_iter()
        .filter(|(_, missing)| *missing)
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        return Err(incomplete(&state, &context, &missing, body).await?);
    }
    let made = state
        .act(context.clone(), |platform, context| async move {
            platform.create_application(&context, body.into()).await
        })
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(detail(&state, &context, made.application.id).await?),
    ))
}

/// What is wrong with a body that is not whole: what is missing, and what of the rest cannot be used.
async fn incomplete(
    state: &AppState,
    context: &Context,
    missing: &[&str],
    body: CreateApplication,
) -> Result<ApiError, ApiError> {
    let mut errors: Vec<(String, String)> = missing
        .iter()
        .map(|name| ((*name).to_owned(), "This field is required.".to_owned()))
        .collect();
    let given = body.slug.clone();
    let mut new = NewApplication::from(body);
    if given.is_none() {
        // The rest is checked under a name that is none of the user's.
        "validation".clone_into(&mut new.slug);
    }
    if let Err(error) = state.platform.check_application(context, &new)
        && let Text::Fields(fields) = ApiError::from(error).text
    {
        errors.extend(fields);
    }
    if let Some(slug) = given {
        let taken = state
            .platform
            .applications(context, None, Some(&slug), &PageRequest::first(1))
            .await?;
        if taken.count > 0 {
            errors.push((
                "slug".to_owned(),
                format!("the name '{slug}' is taken by another application"),
            ));
        }
    }
    Ok(ApiError::fields(errors))
}

/// An application.
#[utoipa::path(get, path = "/apps/v3/applications/{id}/", tag = "applications", params(("id" = String, Path)), responses((status = 200, body = ApplicationDetail), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<ApplicationId>,
) -> Answer<ApplicationDetail> {
    Ok(Json(detail(&state, &context, id).await?))
}

/// Other release commands, from the next deployment on.
#[utoipa::path(patch, path = "/apps/v3/applications/{id}/", tag = "applications", params(("id" = String, Path)), request_body = ChangeApplication, responses((status = 200, body = ApplicationDetail), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Id(id): Id<ApplicationId>,
    command: Command<ChangeApplication>,
) -> Answer<ApplicationDetail> {
    let commands = command
        .body
        .release_commands
        .into_iter()
        .map(Into::into)
        .collect();
    state
        .act(
            command.context.clone(),
            move |platform, context| async move {
                platform.set_release_commands(&context, id, commands).await
            },
        )
        .await?;
    Ok(Json(detail(&state, &command.context, id).await?))
}

/// Removes an application with everything in it.
#[utoipa::path(delete, path = "/apps/v3/applications/{id}/", tag = "applications", params(("id" = String, Path), ("confirm" = String, Query, description = "The application's slug")), responses((status = 202, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<ApplicationId>,
    params: Params,
    command: Command<Nothing>,
) -> Made<OperationItem> {
    let confirmation = params.text("confirm").unwrap_or_default().to_owned();
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform
                .remove_application(&context, id, &confirmation)
                .await
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(operation.into())))
}

async fn detail(
    state: &AppState,
    context: &Context,
    id: ApplicationId,
) -> Result<ApplicationDetail, ApiError> {
    let view = state.platform.application(context, id).await?;
    let environments = state.platform.environments(context, id, None).await?;
    Ok(ApplicationDetail::new(view.application, environments))
}
