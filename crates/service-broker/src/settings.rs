//! How long is waited, and for what.

use std::time::Duration;

/// What a client waits for. The defaults are what the platforms of this field use, where they agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// TCP and TLS together: a broker that is there answers at once.
    pub connect: Duration,
    /// A whole request with its answer: synchronous brokers do their work in this time. The specification's
    /// older platforms wait as long.
    pub request: Duration,
    /// The largest answer: catalogues hold pictures and schemas.
    pub answer_bytes: usize,
    /// The waits between polls and between repetitions.
    pub pace: Pace,
    /// How long an operation may be in progress, if its plan does not say less.
    pub polling: Duration,
    /// How long a request is repeated that the broker has no time for (`ConcurrencyError`, 408), and a deletion
    /// that fails.
    pub patience: Duration,
    /// How long the removal of what a failed attempt left is tried before it is said to be owed.
    pub mitigation: Duration,
    /// How long credentials are asked for that an asynchronous binding has, or an instance whose update is
    /// unclear.
    pub fetch: Duration,
    /// Polls in a row at which the broker does not know the operation before that is believed: the first ones
    /// may reach a replica that has not heard of it yet.
    pub forgotten: u32,
}

/// Waits that grow.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// The first.
    pub first: Duration,
    /// By what each is longer than the one before.
    pub factor: f64,
    /// The longest.
    pub cap: Duration,
    /// By what share each is made longer or shorter, so that many operations do not poll at one moment.
    pub jitter: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_mins(1),
            answer_bytes: 8 * 1024 * 1024,
            pace: Pace::default(),
            polling: Duration::from_hours(1),
            patience: Duration::from_mins(15),
            mitigation: Duration::from_mins(5),
            fetch: Duration::from_mins(2),
            forgotten: 5,
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            factor: 1.5,
            cap: Duration::from_secs(30),
            jitter: 0.1,
        }
    }
}
