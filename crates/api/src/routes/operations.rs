//! Operations.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use windlass_model::id::OperationId;
use windlass_operations::OperationState;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::operation::{Abandon, OperationItem, SkipStep};

/// The longest wait of one request; a client asks again.
const MAX_WAIT_SECONDS: u64 = 60;

/// The operations of the caller's organisation, newest first.
#[utoipa::path(get, path = "/apps/v3/operations/", tag = "operations", params(Paging, ("state" = Option<Vec<String>>, Query)), responses((status = 200, body = List<OperationItem>), (status = 400, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<OperationItem>> {
    let request = params.page(PAGE)?;
    let states = params
        .all("state")
        .flat_map(|text| text.split(','))
        .filter(|text| !text.is_empty())
        .map(named_state);
    let states = states.collect::<Result<Vec<_>, _>>()?;
    let page = state
        .platform
        .operations(&context, states, &request)
        .await?;
    Ok(Json(List::page(&params, &request, page, Into::into)))
}

fn named_state(text: &str) -> Result<OperationState, ApiError> {
    OperationState::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| {
            let names = OperationState::ALL.map(OperationState::as_str).join(", ");
            ApiError::field("state", format!("one of {names} is expected"))
        })
}

/// An operation; with `wait` when it has ended or needs attention, or that many seconds have passed.
#[utoipa::path(get, path = "/apps/v3/operations/{id}/", tag = "operations", params(("id" = String, Path), ("wait" = Option<u64>, Query, minimum = 0, maximum = 60)), responses((status = 200, body = OperationItem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OperationId>,
    params: Params,
) -> Answer<OperationItem> {
    let wait = Duration::from_secs(params.number("wait", 0..=MAX_WAIT_SECONDS)?.unwrap_or(0));
    let operation = tokio::select! {
        waited = state.platform.wait_for_operation(&context, id, wait), if !wait.is_zero() => waited?,
        () = state.stop.cancelled(), if !wait.is_zero() => state.platform.operation(&context, id).await?,
        now = state.platform.operation(&context, id), if wait.is_zero() => now?,
    };
    Ok(Json(operation.into()))
}

/// Asks it to stop before its pivot.
#[utoipa::path(post, path = "/apps/v3/operations/{id}/cancel/", tag = "operations", params(("id" = String, Path)), responses((status = 200, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Id(id): Id<OperationId>,
    command: Command<Nothing>,
) -> Answer<OperationItem> {
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.cancel_operation(&context, id).await
        })
        .await?;
    Ok(Json(operation.into()))
}

/// Lets an operation that needs attention try once more.
#[utoipa::path(post, path = "/apps/v3/operations/{id}/retry/", tag = "operations", params(("id" = String, Path)), responses((status = 200, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn retry(
    State(state): State<AppState>,
    Id(id): Id<OperationId>,
    command: Command<Nothing>,
) -> Answer<OperationItem> {
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.retry_operation(&context, id).await
        })
        .await?;
    Ok(Json(operation.into()))
}

/// Declares its failing step as dealt with by hand.
#[utoipa::path(post, path = "/apps/v3/operations/{id}/skip/", tag = "operations", params(("id" = String, Path)), request_body = SkipStep, responses((status = 200, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn skip(
    State(state): State<AppState>,
    Id(id): Id<OperationId>,
    command: Command<SkipStep>,
) -> Answer<OperationItem> {
    let SkipStep { step, reason } = command.body;
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.skip_step(&context, id, &step, &reason).await
        })
        .await?;
    Ok(Json(operation.into()))
}

/// Gives it up; what may be left over is in its record.
#[utoipa::path(post, path = "/apps/v3/operations/{id}/abandon/", tag = "operations", params(("id" = String, Path)), request_body = Abandon, responses((status = 200, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn abandon(
    State(state): State<AppState>,
    Id(id): Id<OperationId>,
    command: Command<Abandon>,
) -> Answer<OperationItem> {
    let reason = command.body.reason;
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.abandon_operation(&context, id, &reason).await
        })
        .await?;
    Ok(Json(operation.into()))
}
