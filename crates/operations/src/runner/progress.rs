//! Progress lines: collected without holding up the step, written together, lost rather than in the way.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::debug;

use super::Inner;
use crate::definition::ProgressSink;
use crate::event::Event;
use crate::operation::Operation;
use crate::store::Fence;

/// How many lines wait for one write; more are counted and left out.
const LINES: usize = 500;
/// The longest line that is kept, in characters.
const LINE_LENGTH: usize = 4_000;
/// How long one write may take; the step's end waits for the last one.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The lines of one attempt that are not written yet.
pub(super) struct Lines {
    step: String,
    buffer: Mutex<Buffer>,
    changed: Notify,
}

#[derive(Default)]
struct Buffer {
    lines: Vec<String>,
    left_out: usize,
    closed: bool,
}

impl Lines {
    pub(super) fn new(step: String) -> Self {
        Self {
            step,
            buffer: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// The step has ended; what comes later is left out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn closed(&self) {
        while !self.lock().closed {
            self.changed.notified().await;
        }
    }

    /// The lines so far as one text, and whether the step has ended.
    fn take(&self) -> (Option<String>, bool) {
        let mut buffer = self.lock();
        let mut lines = std::mem::take(&mut buffer.lines);
        let left_out = std::mem::take(&mut buffer.left_out);
        if left_out > 0 {
            lines.push(format!("({left_out} lines left out)"));
        }
        ((!lines.is_empty()).then(|| lines.join("\n")), buffer.closed)
    }
}

impl ProgressSink for Lines {
    /// Always of the step whose attempt this is; the name is given for sinks that serve several.
    fn line(&self, _step: &str, message: &str) {
        let mut buffer = self.lock();
        if buffer.closed {
            return;
        }
        if buffer.lines.len() < LINES {
            buffer
                .lines
                .push(message.chars().take(LINE_LENGTH).collect());
        } else {
            buffer.left_out += 1;
        }
        drop(buffer);
        self.changed.notify_one();
    }
}

/// Writes the lines until the step has ended and all are written.
pub(super) async fn write<C: Clone + Send + Sync + 'static>(
    inner: &Inner<C>,
    operation: &Operation,
    lines: &Lines,
) {
    loop {
        lines.changed.notified().await;
        // Lines come in bursts: what follows soon is written with the first. The end cuts this short.
        let _ = tokio::time::timeout(inner.settings.progress_interval, lines.closed()).await;
        let (text, closed) = lines.take();
        if let Some(message) = text {
            let event = Event::Progress {
                step: lines.step.clone(),
                message,
            };
            let fence = Fence::Epoch(operation.epoch);
            let events = [event];
            let write = inner.record(operation.id, fence, &events, &[]);
            match tokio::time::timeout(WRITE_TIMEOUT, write).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => debug!(%error, "progress lines are lost"),
                Err(_) => debug!("progress lines are lost: the store took too long"),
            }
        }
        if closed {
            return;
        }
    }
}
