//! Waiting for a condition with a deadline.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks where what is waited for is also what is measured: the same for both sides of a
/// comparison, and short beside what they take.
pub(crate) const POLL: Duration = Duration::from_millis(3);

/// Looks until there is an answer, and gives it. An error of the look ends the waiting.
pub(crate) fn until<T>(
    what: &str,
    deadline: Duration,
    look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    until_every(POLL, what, deadline, look)
}

/// The same with another pause between two looks.
pub(crate) fn until_every<T>(
    pause: Duration,
    what: &str,
    deadline: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if started.elapsed() >= deadline {
            bail!("gave up after {} s: {what}", deadline.as_secs());
        }
        std::thread::sleep(pause);
    }
}
