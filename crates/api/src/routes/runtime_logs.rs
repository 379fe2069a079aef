//! What the processes of an environment write.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, stream};
use windlass_engine::LogOptions;
use windlass_model::id::EnvironmentId;
use windlass_platform::RuntimeLine;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::sse;
use crate::state::AppState;
use crate::wire::environment::{LogLine, LogLines};

/// Lines of one answer at most.
const MAX_LINES: u32 = 1000;

/// The newest lines of the running release's processes, oldest first. `next` gives those that are newer.
#[utoipa::path(get, path = "/apps/v3/environments/{id}/logs/",
    operation_id = "logs", tag = "environments", params(("id" = String, Path), ("tail" = Option<u32>, Query, description = "How many of the newest lines"), ("since" = Option<i64>, Query, description = "Milliseconds since the epoch"), ("after" = Option<String>, Query, description = "From `next` only")), responses((status = 200, body = LogLines), (status = 404, body = Problem)))]
pub(super) async fn page(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<EnvironmentId>,
    params: Params,
) -> Answer<LogLines> {
    let tail = params.number("tail", 0..=MAX_LINES)?.unwrap_or(MAX_LINES);
    let place = Place::asked(&params)?;
    let options = match place {
        // Everything that is newer is read, and the oldest of it given: nothing is left out in between.
        Some(place) => LogOptions {
            since_millis: Some(place.at_millis.saturating_sub(1)),
            tail: None,
            follow: false,
        },
        None => LogOptions {
            since_millis: params.number("since", 0..=i64::MAX)?,
            tail: Some(tail),
            follow: false,
        },
    };
    let lines = state.platform.runtime_log(&context, id, &options).await?;
    let lines = match place {
        Some(place) => place.newer(lines),
        None => lines,
    };
    let next = Place::behind(place, &lines);
    let next = params.link(&[("after", &next.to_string()), ("since", ""), ("tail", "")]);
    Ok(Json(LogLines {
        next,
        previous: None,
        results: lines.into_iter().map(Into::into).collect(),
    }))
}

/// The lines as they are written, as events `line`; `end` when the containers of the release are gone.
#[utoipa::path(get, path = "/apps/v3/environments/{id}/logs/stream/",
    operation_id = "follow_logs", tag = "environments", params(("id" = String, Path), ("tail" = Option<u32>, Query, description = "How many earlier lines come first")), responses((status = 200, content_type = "text/event-stream", body = LogLine), (status = 404, body = Problem)))]
pub(super) async fn stream(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<EnvironmentId>,
    params: Params,
) -> Result<Response, ApiError> {
    let tail = params.number("tail", 0..=MAX_LINES)?.unwrap_or(100);
    let options = LogOptions {
        since_millis: None,
        tail: Some(tail),
        follow: true,
    };
    let lines = state.platform.runtime_lines(&context, id, &options).await?;
    let events = lines.map(|line| sse::event("line", &LogLine::from(line)));
    Ok(sse::answer(
        &state,
        events.chain(stream::iter([sse::end()])),
    ))
}

/// A place between lines: a millisecond, and how many of its lines have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    at_millis: i64,
    seen: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at_millis, self.seen)
    }
}

impl Place {
    fn asked(params: &Params) -> Result<Option<Self>, ApiError> {
        let Some(text) = params.text("after") else {
            return Ok(None);
        };
        let parsed = text.split_once('-').and_then(|(at, seen)| {
            Some(Self {
                at_millis: at.parse().ok()?,
                seen: seen.parse().ok()?,
            })
        });
        parsed.map(Some).ok_or_else(|| {
            ApiError::field("after", "this is no place in this log; take it from 'next'")
        })
    }

    /// The oldest lines behind this place.
    fn newer(self, lines: Vec<RuntimeLine>) -> Vec<RuntimeLine> {
        let older = lines
            .iter()
            .take_while(|line| line.at_millis < self.at_millis)
            .count();
        let same = lines[older..]
            .iter()
            .take_while(|line| line.at_millis == self.at_millis)
            .count();
        let limit = usize::try_from(MAX_LINES).unwrap_or(usize::MAX);
        lines
            .into_iter()
            .skip(older + same.min(self.seen))
            .take(limit)
            .collect()
    }

    /// The place behind these lines, which follow `before`.
    fn behind(before: Option<Self>, lines: &[RuntimeLine]) -> Self {
        let start = before.unwrap_or(Self {
            at_millis: 0,
            seen: 0,
        });
        let Some(last) = lines.last() else {
            return start;
        };
        let seen = lines
            .iter()
            .rev()
            .take_while(|line| line.at_millis == last.at_millis)
            .count();
        let earlier = if start.at_millis == last.at_millis {
            start.seen
        } else {
            0
        };
        Self {
            at_millis: last.at_millis,
            seen: seen + earlier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(times: &[i64]) -> Vec<RuntimeLine> {
        let line = |(number, at): (usize, &i64)| RuntimeLine {
            at_millis: *at,
            process: "web".to_owned(),
            text: number.to_string(),
        };
        times.iter().enumerate().map(line).collect()
    }

    #[test]
    fn places_lose_and_repeat_no_line() {
        let all = lines(&[1, 2, 2, 2, 3]);
        for cut in 0..=all.len() {
            let place = Place::behind(None, &all[..cut]);
            assert_eq!(place.newer(all.clone()), all[cut..], "after {cut}");
        }
        let second = Place::behind(None, &all[..2]);
        let third = Place::behind(Some(second), &all[2..3]);
        assert_eq!(
            third,
            Place {
                at_millis: 2,
                seen: 2
            }
        );
    }
}
