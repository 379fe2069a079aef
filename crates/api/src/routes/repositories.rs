//! Repositories: applications' own, and those elsewhere.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{ApplicationId, Id as _, OrganisationId, RepositoryId};
use windlass_platform::{Context, Error};

use super::{Answer, Made};
use crate::error::{ApiError, Problem, Text};
use crate::extract::{Caller, Command, Id, Nothing};
use crate::state::AppState;
use crate::wire::repository::{
    CheckRepository, CheckedRepository, CreateRepository, RepositoryItem,
};

/// Registers a repository elsewhere, to be given to a new application.
///
/// Without `organisation` nothing is registered: the answer says what is missing, and what of the given cannot be
/// used.
#[utoipa::path(post, path = "/apps/v3/repositories/", tag = "repositories", request_body = CreateRepository, responses((status = 201, body = RepositoryItem), (status = 400, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateRepository>,
) -> Made<RepositoryItem> {
    let Command { context, body } = command;
    let organisation = check(&state, &context, &body)?;
    let made = state
        .act(context, move |platform, context| async move {
            platform
                .register_repository(&context, organisation, body.asked())
                .await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// The organisation that it is for; or what is missing, and what of the rest cannot be used.
fn check(
    state: &AppState,
    context: &Context,
    body: &CreateRepository,
) -> Result<OrganisationId, ApiError> {
    let mut errors: Vec<(String, String)> = Vec::new();
    let mut wrong = |field: &str, text: &str| errors.push((field.to_owned(), text.to_owned()));
    match body.organisation {
        None => wrong("organisation", "This field is required."),
        Some(id) if !context.organisations().contains(&id) => {
            wrong("organisation", "this organisation does not exist");
        }
        Some(_) => {}
    }
    match &body.url {
        None => wrong("url", "This field is required."),
        Some(_) => {
            if let Err(error) = state.platform.check_repository_request(&body.asked())
                && let Text::Fields(fields) = ApiError::from(error).text
            {
                errors.extend(fields);
            }
        }
    }
    match body.organisation {
        Some(organisation) if errors.is_empty() => Ok(organisation),
        _ => Err(ApiError::fields(errors)),
    }
}

/// A repository; the id of an application's own is the application's.
#[utoipa::path(get, path = "/apps/v3/repositories/{id}/", tag = "repositories", params(("id" = String, Path)), responses((status = 200, body = RepositoryItem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<RepositoryId>,
) -> Answer<RepositoryItem> {
    match state.platform.repository(&context, id).await {
        Ok(repository) => return Ok(Json(repository.into())),
        Err(Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let own = ApplicationId::from(id.uuid());
    match state.platform.application(&context, own).await {
        Ok(view) if view.application.repository.is_none() => {
            let url = state.platform.repository_url(&view.application);
            Ok(Json(RepositoryItem::own(own, url)))
        }
        Ok(_) | Err(Error::NotFound { .. }) => {
            Err(ApiError::not_found("repository", &id.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks a repository elsewhere for a branch.
#[utoipa::path(post, path = "/apps/v3/repositories/{id}/check/", operation_id = "check", tag = "repositories", params(("id" = String, Path)), request_body = CheckRepository, responses((status = 200, body = CheckedRepository), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn check_branch(
    State(state): State<AppState>,
    Id(id): Id<RepositoryId>,
    command: Command<CheckRepository>,
) -> Answer<CheckedRepository> {
    let branch = command.body.branch.unwrap_or_else(|| "main".to_owned());
    let checked = state
        .act(command.context, move |platform, context| async move {
            platform.check_repository(&context, id, &branch).await
        })
        .await?;
    Ok(Json(checked.into()))
}

/// Forgets a repository elsewhere that no application has, with its password or key.
#[utoipa::path(delete, path = "/apps/v3/repositories/{id}/", tag = "repositories", params(("id" = String, Path)), responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<RepositoryId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.forget_repository(&context, id).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
