//! Invitations to an organisation.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{InvitationId, OrganisationId};
use windlass_platform::Newcomer;

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Ids, Nothing, Params, Stranger};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::account::OrganisationItem;
use crate::wire::member::{
    AcceptInvitation, CreateInvitation, InvitationItem, NewInvitation, NewUser, Register,
};

/// The invitations to an organisation that are open, oldest first.
#[utoipa::path(get, path = "/iam/v3/organisations/{id}/invitations/", tag = "invitations", params(("id" = String, Path), Paging), responses((status = 200, body = List<InvitationItem>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OrganisationId>,
    params: Params,
) -> Answer<List<InvitationItem>> {
    let request = params.page(PAGE)?;
    let rows = state.platform.invitations(&context, id).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )?))
}

/// Invites somebody, by a link that is in this answer only. It is good for seven days, once.
#[utoipa::path(post, path = "/iam/v3/organisations/{id}/invitations/", tag = "invitations", params(("id" = String, Path)), request_body = CreateInvitation, responses((status = 201, body = NewInvitation), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    Id(id): Id<OrganisationId>,
    command: Command<CreateInvitation>,
) -> Made<NewInvitation> {
    let CreateInvitation { email, role } = command.body;
    let made = state
        .act(command.context, move |platform, context| async move {
            platform.create_invitation(&context, id, &email, role).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Revokes an invitation.
#[utoipa::path(delete, path = "/iam/v3/organisations/{id}/invitations/{invitation}/", tag = "invitations", params(("id" = String, Path), ("invitation" = String, Path)), responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Ids(id, invitation): Ids<OrganisationId, InvitationId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.revoke_invitation(&context, id, invitation).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Joins the organisation that the caller was invited to.
#[utoipa::path(post, path = "/iam/v3/invitations/accept/", tag = "invitations", request_body = AcceptInvitation, responses((status = 200, body = OrganisationItem), (status = 400, body = Problem)))]
pub(super) async fn accept(
    State(state): State<AppState>,
    command: Command<AcceptInvitation>,
) -> Answer<OrganisationItem> {
    let link = command.body.link;
    let organisation = state
        .act(command.context, move |platform, context| async move {
            platform.accept_invitation(&context, &link).await
        })
        .await?;
    Ok(Json(organisation.into()))
}

/// Makes an account for somebody who was invited and has none; its first token is in this answer only.
#[utoipa::path(post, path = "/iam/v3/invitations/register/", tag = "invitations", security(()), request_body = Register, responses((status = 201, body = NewUser), (status = 400, body = Problem)))]
pub(super) async fn register(
    State(state): State<AppState>,
    stranger: Stranger<Register>,
) -> Made<NewUser> {
    let newcomer = Newcomer {
        secret: stranger.body.link,
        first_name: stranger.body.first_name,
        last_name: stranger.body.last_name,
        request_id: stranger.request_id,
        address: stranger.address,
    };
    let made = state
        .work(|platform| async move { platform.register(newcomer).await })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
