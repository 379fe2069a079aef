//! What can be set about a runner.

use std::time::Duration;

use crate::core::RetryPolicy;

/// Settings of a runner. The defaults are for production; tests shorten them.
#[derive(Debug, Clone)]
pub struct RunnerSettings {
    /// Who holds the leases; unique among the runners of one store.
    pub owner: String,
    /// How long a claim or a heartbeat holds.
    pub lease: Duration,
    /// How often a lease is prolonged: twice may fail before it ends.
    pub heartbeat: Duration,
    /// Without a successful heartbeat for this long the work is dropped, well before the lease ends, so
    /// that two runners never work on one operation even when clocks differ by seconds.
    pub stop_before_expiry: Duration,
    /// The longest pause between two looks for due operations; also how old a subscriber's view can be.
    pub poll: Duration,
    /// How many operations are driven at once.
    pub concurrency: usize,
    /// How long running steps may take to return when the server stops.
    pub stop_deadline: Duration,
    /// How long progress lines are collected before they are written together.
    pub progress_interval: Duration,
    /// The longest that the definition may take to say what is written with the end of an operation.
    pub finish_timeout: Duration,
    /// How often and how soon failed calls are tried again.
    pub retry: RetryPolicy,
}

impl RunnerSettings {
    /// The defaults, under this owner.
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            stop_before_expiry: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            concurrency: 8,
            stop_deadline: Duration::from_secs(10),
            progress_interval: Duration::from_millis(250),
            finish_timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
        }
    }

    pub(super) fn lease_millis(&self) -> i64 {
        i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX)
    }
}
