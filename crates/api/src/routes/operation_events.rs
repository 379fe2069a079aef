//! The events of an operation: as a list, or as they happen.

use std::collections::VecDeque;

use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use http::{HeaderMap, header};
use windlass_model::id::OperationId;
use windlass_operations::runner::Subscription;
use windlass_operations::{EventRecord, OperationState};
use windlass_platform::{Context, Error, Platform};

use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::page::{LONG_PAGE, List};
use crate::sse;
use crate::state::AppState;
use crate::wire::operation::EventItem;

/// Events that are read at once while an operation is followed.
const BATCH: u32 = 100;

/// The events after number `after`, oldest first. With `Accept: text/event-stream` they come as they
/// happen, with their numbers as ids, and `end` when the operation has ended or needs attention;
/// `Last-Event-ID` goes on where a broken stream ended.
#[utoipa::path(get, path = "/apps/v3/operations/{id}/events/", tag = "operations", params(("id" = String, Path), ("after" = Option<u64>, Query), ("page_size" = Option<u32>, Query, minimum = 1, maximum = 1000)), responses((status = 200, description = "A list, or a stream of such events", content((List<EventItem> = "application/json"), (EventItem = "text/event-stream"))), (status = 404, body = Problem)))]
pub(super) async fn events(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OperationId>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let after = params.number("after", 0..=u64::MAX)?;
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    if accept.contains("text/event-stream") {
        let after = sse::last_event_id(&headers).or(after).unwrap_or(0);
        let follower = Follower::new(state.platform.clone(), context, id, after).await?;
        return Ok(sse::answer(&state, follower.events()));
    }
    let limit = params.page(LONG_PAGE)?.limit;
    let after = after.unwrap_or(0);
    // One more than is shown tells whether there are more.
    let mut rows = state
        .platform
        .operation_events(&context, id, after, limit + 1)
        .await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match rows.last() {
        Some(last) if more => Some(params.link(&[("after", &last.number.to_string())])),
        _ => None,
    };
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let results: Vec<EventItem> = rows.into_iter().map(Into::into).collect();
    Ok(Json(List {
        count,
        next,
        previous: None,
        results,
    })
    .into_response())
}

/// Follows an operation to its end.
struct Follower {
    platform: Platform,
    context: Context,
    id: OperationId,
    after: u64,
    waiting: VecDeque<EventRecord>,
    changes: Subscription,
    over: bool,
}

impl Follower {
    async fn new(
        platform: Platform,
        context: Context,
        id: OperationId,
        after: u64,
    ) -> Result<Self, Error> {
        // Before the first look, so that nothing that happens in between is missed.
        let changes = platform.follow_operation(id);
        platform.operation(&context, id).await?;
        Ok(Self {
            platform,
            context,
            id,
            after,
            waiting: VecDeque::new(),
            changes,
            over: false,
        })
    }

    fn events(self) -> impl Stream<Item = Event> + Send {
        stream::unfold(self, |mut follower| async move {
            if follower.over {
                return None;
            }
            let event = match follower.next().await {
                Ok(Some(record)) => {
                    let item = EventItem::from(record);
                    sse::event(item.kind, &item).id(item.number.to_string())
                }
                Ok(None) => {
                    follower.over = true;
                    sse::end()
                }
                Err(error) => {
                    follower.over = true;
                    sse::broken(&ApiError::from(error).plain())
                }
            };
            Some((event, follower))
        })
    }

    async fn next(&mut self) -> Result<Option<EventRecord>, Error> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                self.after = record.number;
                return Ok(Some(record));
            }
            // The state first: what is written between the two reads is seen in the next round.
            let state = self.platform.operation(&self.context, self.id).await?.state;
            self.waiting = self
                .platform
                .operation_events(&self.context, self.id, self.after, BATCH)
                .await?
                .into();
            if !self.waiting.is_empty() {
                continue;
            }
            if state.is_finished() || state == OperationState::NeedsAttention {
                return Ok(None);
            }
            self.changes.changed().await;
        }
    }
}
