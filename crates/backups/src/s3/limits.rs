//! What is waited for, and how long at most.

use std::time::Duration;

/// Something that an endpoint is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) doing: &'static str,
    pub(super) within: Duration,
}

impl Step {
    const fn new(doing: &'static str, seconds: u64) -> Self {
        let within = Duration::from_secs(seconds);
        Self { doing, within }
    }
}

/// TCP: part of each time-out, and short, because a retry is cheap.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// A row of the service's own tables, somewhere in the world.
pub(super) const BEGIN: Step = Step::new("beginning an upload", 30);
/// A part of usual length takes that long at 30 KiB/s, less than any line on which backups are of use.
pub(super) const SEND: Step = Step::new("storing a part", 300);
/// Endpoints may put thousands of parts together meanwhile: Amazon names minutes.
pub(super) const FINISH: Step = Step::new("finishing an upload", 600);
pub(super) const ABORT: Step = Step::new("giving an upload up", 60);
/// Until the first byte; archived classes of storage, which take hours, are refused at once.
pub(super) const READ: Step = Step::new("reading an object", 60);
/// Between two pieces of an object.
pub(super) const PIECE: Step = Step::new("reading on", 60);
pub(super) const DELETE: Step = Step::new("deleting an object", 60);
/// A page of a thousand names.
pub(super) const LIST: Step = Step::new("listing objects", 60);

/// How often a request is sent whose answer is "later", or that has none.
pub(super) const TRIES: u32 = 5;
/// Before the second try; twice as long before each one after it.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// How long a signature holds: as long as a request may take, and the clocks may be apart.
pub(super) const SIGNED_FOR: Duration = Duration::from_mins(15);
/// Names in an answer: the most that S3 gives.
pub(super) const MOST_NAMES: usize = 1000;
/// Parts of an upload: the most that S3 takes.
pub(super) const MOST_PARTS: u16 = 10_000;
/// Of an answer that is no object: longer than a page of a thousand names of the longest.
pub(super) const ANSWER_BYTES: usize = 4 * 1024 * 1024;
