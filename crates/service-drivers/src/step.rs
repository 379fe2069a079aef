//! What a server is asked to do, and how long that may take.

use std::time::Duration;

/// Something that a server is asked to do, with its time-out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// For people, as in "... on shared cluster 'postgres' failed".
    pub(crate) doing: &'static str,
    /// The longest that an answer may take.
    pub(crate) within: Duration,
}

impl Step {
    /// A step with its time-out in seconds.
    pub(crate) const fn new(doing: &'static str, seconds: u64) -> Self {
        Self {
            doing,
            within: Duration::from_secs(seconds),
        }
    }
}
