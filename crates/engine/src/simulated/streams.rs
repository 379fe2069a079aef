//! The streams of the simulated engine: logs and events.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::broadcast;

use super::control::wait_for;
use super::state::{Container, Shared};
use crate::contract::{LogLine, LogOptions, LogStream};
use crate::error::Error;
use crate::labels::Labels;
use crate::observation::EngineEvent;
use crate::ownership::is_own;

/// The place in the log at which the options begin.
fn beginning(container: &Container, options: &LogOptions) -> usize {
    let after = |line: &LogLine| {
        options
            .since_millis
            .is_none_or(|since| line.at_millis.is_some_and(|at| at > since))
    };
    let first = container
        .log
        .iter()
        .position(after)
        .unwrap_or(container.log.len());
    let tail = options.tail.map_or(usize::MAX, |tail| {
        usize::try_from(tail).unwrap_or(usize::MAX)
    });
    first.max(container.log.len().saturating_sub(tail))
}

pub(super) fn logs(
    shared: &Arc<Shared>,
    container: &Container,
    name: &str,
    options: &LogOptions,
) -> LogStream {
    let start = beginning(container, options);
    if !options.follow {
        let lines: Vec<_> = container.log[start..].iter().cloned().map(Ok).collect();
        return stream::iter(lines).boxed();
    }
    let (shared, name, incarnation) = (Arc::clone(shared), name.to_owned(), container.incarnation);
    stream::unfold(
        (shared, name, start),
        move |(shared, name, next)| async move {
            let line = wait_for(&shared, |state| match state.containers.get(&name) {
                None => Some(None),
                Some(container) => match container.log.get(next) {
                    Some(line) => Some(Some(line.clone())),
                    None if container.is_running() && container.incarnation == incarnation => None,
                    None => Some(None),
                },
            })
            .await?;
            Some((Ok(line), (shared, name, next + 1)))
        },
    )
    .boxed()
}

pub(super) fn events(
    receiver: broadcast::Receiver<EngineEvent>,
    filter: Labels,
    installation: String,
) -> BoxStream<'static, Result<EngineEvent, Error>> {
    stream::unfold(
        (receiver, filter, installation),
        |(mut receiver, filter, installation)| async move {
            loop {
                // Too slow a receiver is treated as the end of the engine: it has to observe anew.
                let event = receiver.recv().await.ok()?;
                if event.labels.matches(&filter) && is_own(&event.labels, &installation) {
                    return Some((Ok(event), (receiver, filter, installation)));
                }
            }
        },
    )
    .boxed()
}
