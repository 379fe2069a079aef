//! Members and service accounts of an organisation.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{OrganisationId, UserId};

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Ids, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::member::{ChangeMember, CreateServiceAccount, MemberItem};

/// The members of an organisation, oldest first.
#[utoipa::path(get, path = "/iam/v3/organisations/{id}/members/", tag = "members", params(("id" = String, Path), Paging), responses((status = 200, body = List<MemberItem>), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OrganisationId>,
    params: Params,
) -> Answer<List<MemberItem>> {
    let request = params.page(PAGE)?;
    let rows = state.platform.members(&context, id).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.user.id.to_string(),
        Into::into,
    )?))
}

/// Gives a member another role. The last owner stays one.
#[utoipa::path(patch, path = "/iam/v3/organisations/{id}/members/{user}/", tag = "members", params(("id" = String, Path), ("user" = String, Path)), request_body = ChangeMember, responses((status = 200, body = MemberItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Ids(id, user): Ids<OrganisationId, UserId>,
    command: Command<ChangeMember>,
) -> Answer<MemberItem> {
    let role = command.body.role;
    let member = state
        .act(command.context, move |platform, context| async move {
            platform.set_role(&context, id, user, role).await
        })
        .await?;
    Ok(Json(member.into()))
}

/// Removes a member, or lets the caller leave: its tokens for the organisation stop at once.
#[utoipa::path(delete, path = "/iam/v3/organisations/{id}/members/{user}/", tag = "members", params(("id" = String, Path), ("user" = String, Path)), responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Ids(id, user): Ids<OrganisationId, UserId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.remove_member(&context, id, user).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a user for a machine, without a login; the organisation's admins manage its tokens.
#[utoipa::path(post, path = "/iam/v3/organisations/{id}/service-accounts/", operation_id = "create_service_account", tag = "members", params(("id" = String, Path)), request_body = CreateServiceAccount, responses((status = 201, body = MemberItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create_service_account(
    State(state): State<AppState>,
    Id(id): Id<OrganisationId>,
    command: Command<CreateServiceAccount>,
) -> Made<MemberItem> {
    let CreateServiceAccount { name, role } = command.body;
    let member = state
        .act(command.context, move |platform, context| async move {
            platform
                .create_service_account(&context, id, &name, role)
                .await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(member.into())))
}
