//! Logs of deployments.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, stream};
use http::HeaderMap;
use windlass_model::id::DeploymentId;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::sse;
use crate::state::AppState;
use crate::wire::deployment::DeploymentLog;

/// The log of a deployment as it is now.
#[utoipa::path(get, path = "/apps/v3/deployments/{id}/logs",
    operation_id = "logs", tag = "deployments", params(("id" = String, Path)), responses((status = 200, body = DeploymentLog), (status = 404, body = Problem)))]
pub(super) async fn whole(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<DeploymentId>,
) -> Answer<DeploymentLog> {
    let logs = state.platform.deployment_log(&context, id).await?;
    Ok(Json(DeploymentLog {
        uuid: id.to_string(),
        logs,
    }))
}

/// The log as it grows, as events `log` with `{"text": "..."}`, then `end`. The id of an event is the byte
/// behind it, from which `from` or `Last-Event-ID` goes on.
#[utoipa::path(get, path = "/apps/v3/deployments/{id}/logs/stream",
    operation_id = "follow_logs", tag = "deployments", params(("id" = String, Path), ("from" = Option<u64>, Query, description = "The byte to begin at")), responses((status = 200, content_type = "text/event-stream", body = String), (status = 404, body = Problem)))]
pub(super) async fn stream(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<DeploymentId>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let from = sse::last_event_id(&headers)
        .or(params.number("from", 0..=u64::MAX)?)
        .unwrap_or(0);
    let chunks = state
        .platform
        .follow_deployment_log(&context, id, from)
        .await?;
    let events =
        chunks
            .map(Some)
            .chain(stream::iter([None]))
            .scan((from, false), |(place, over), chunk| {
                let event = match chunk {
                    _ if *over => None,
                    Some(Ok(text)) => {
                        *place += u64::try_from(text.len()).unwrap_or_default();
                        Some(
                            sse::event("log", &serde_json::json!({ "text": text }))
                                .id(place.to_string()),
                        )
                    }
                    Some(Err(error)) => {
                        *over = true;
                        Some(sse::broken(&error.to_string()))
                    }
                    None => Some(sse::end()),
                };
                std::future::ready(event)
            });
    Ok(sse::answer(&state, events))
}
