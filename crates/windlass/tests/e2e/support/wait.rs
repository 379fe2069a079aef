//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const POLL: Duration = Duration::from_millis(5);

/// Looks until there is something, and gives it; fails when the time is over.
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {limit:?}");
        std::thread::sleep(POLL);
    }
}
