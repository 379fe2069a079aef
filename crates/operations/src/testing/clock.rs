//! A clock that follows tokio's time, so that it stands still and jumps with it.

use tokio::time::Instant;
use windlass_model::time::Timestamp;

use crate::clock::Clock;

/// Tells tokio's time. For tests with paused time; a runner's sleeps and its clock then agree.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    start: Instant,
}

impl TokioClock {
    /// A clock that begins now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        // Some point in time that is not zero, so that nobody takes it for "never".
        let since = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp(1_000_000).plus_millis(since)
    }
}
