//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const POLL: Duration = Duration::from_millis(5);
/// Between two looks, in times of what a look took: what is waited for needs the machine more than those who look.
const REST: u32 = 4;

/// Looks until there is something, and gives it; fails when the time is over.
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        let begun = Instant::now();
        if let Some(found) = look() {
            return found;
        }
        let ended = Instant::now();
        assert!(ended < deadline, "{what}: not within {limit:?}");
        std::thread::sleep(POLL.max((ended - begun) * REST));
    }
}
