//! The caller and its organisations.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::OrganisationId;

use super::{Answer, Made};
use crate::extract::{Caller, Command, Id, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::account::{CreateOrganisation, Me, OrganisationItem};

/// The caller.
#[utoipa::path(get, path = "/iam/v3/me/", tag = "iam", responses((status = 200, body = Me)))]
pub(super) async fn me(State(state): State<AppState>, Caller(context): Caller) -> Answer<Me> {
    Ok(Json(state.platform.me(&context).await?.into()))
}

/// The caller's organisations.
#[utoipa::path(get, path = "/iam/v3/organisations/", operation_id = "list", tag = "organisations", params(Paging), responses((status = 200, body = List<OrganisationItem>)))]
pub(super) async fn organisations(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<OrganisationItem>> {
    let request = params.page(PAGE)?;
    let rows = state.platform.organisations(&context).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )?))
}

/// Creates an organisation, which the caller owns. For those who operate the installation.
#[utoipa::path(post, path = "/iam/v3/organisations/", operation_id = "create", tag = "organisations", request_body = CreateOrganisation, responses((status = 201, body = OrganisationItem), (status = 400, body = crate::error::Problem)))]
pub(super) async fn create_organisation(
    State(state): State<AppState>,
    command: Command<CreateOrganisation>,
) -> Made<OrganisationItem> {
    let name = command.body.name;
    let made = state
        .act(command.context, move |platform, context| async move {
            platform.create_organisation(&context, &name).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// An organisation.
#[utoipa::path(get, path = "/iam/v3/organisations/{id}/", operation_id = "show", tag = "organisations", params(("id" = String, Path)), responses((status = 200, body = OrganisationItem), (status = 404, body = crate::error::Problem)))]
pub(super) async fn organisation(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OrganisationId>,
) -> Answer<OrganisationItem> {
    Ok(Json(
        state.platform.organisation(&context, id).await?.into(),
    ))
}
