//! Tokens of the caller, and of service accounts.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{TokenId, UserId};

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::token::{CreateToken, NewTokenItem, TokenItem};

/// The caller's tokens, or those of a service account, oldest first.
#[utoipa::path(get, path = "/iam/v3/tokens/", tag = "tokens", params(Paging, ("user" = Option<String>, Query, description = "A service account")), responses((status = 200, body = List<TokenItem>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<TokenItem>> {
    let request = params.page(PAGE)?;
    let user = params.id::<UserId>("user")?;
    let rows = state.platform.tokens(&context, user).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.id.to_string(),
        Into::into,
    )?))
}

/// Makes a token; its text is in this answer only. It reaches no further than the one that the request has.
#[utoipa::path(post, path = "/iam/v3/tokens/", tag = "tokens", request_body = CreateToken, responses((status = 201, body = NewTokenItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateToken>,
) -> Made<NewTokenItem> {
    let new = command.body.new_token()?;
    let made = state
        .act(command.context, |platform, context| async move {
            platform.create_token(&context, new).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Revokes a token: it stops at once.
#[utoipa::path(delete, path = "/iam/v3/tokens/{id}/", tag = "tokens", params(("id" = String, Path)), responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<TokenId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.revoke_token(&context, id).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
