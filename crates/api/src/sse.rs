//! Streams of events.

use std::convert::Infallible;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::state::AppState;

/// Tells nginx not to hold events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The events as an answer. It ends when the server stops; a client that has seen no `end` asks again.
/// When the client leaves, the stream is dropped, and with it what feeds it.
pub(crate) fn answer(
    state: &AppState,
    events: impl Stream<Item = Event> + Send + 'static,
) -> Response {
    let events = events
        .take_until(state.stop.clone().cancelled_owned())
        .map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new()
        .interval(state.settings.heartbeat)
        .text("alive");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    response
        .headers_mut()
        .insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

/// An event with JSON data, which has no line ends.
pub(crate) fn event(kind: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).expect("values of the wire have string keys only");
    Event::default().event(kind).data(data)
}

/// The last event of a stream that came to its end.
pub(crate) fn end() -> Event {
    Event::default().event("end").data("{}")
}

/// The last event of a stream that broke.
pub(crate) fn broken(message: &str) -> Event {
    event("error", &serde_json::json!({ "message": message }))
}

/// Where a broken stream ended, as its client says.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers
        .get("last-event-id")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
