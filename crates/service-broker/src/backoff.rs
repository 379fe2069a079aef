//! Waiting: how long, and until when.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::settings::Pace;

/// A series of waits that ends at a deadline.
#[derive(Debug)]
pub(crate) struct Backoff {
    pace: Pace,
    next: Duration,
    began: Instant,
    within: Duration,
}

impl Backoff {
    /// Waits that end after that time.
    pub(crate) fn within(pace: &Pace, within: Duration) -> Self {
        Self {
            next: pace.first,
            pace: pace.clone(),
            began: Instant::now(),
            within,
        }
    }

    /// Waits, at most until the deadline; false if it has passed already.
    pub(crate) async fn wait(&mut self, retry_after: Option<Duration>) -> bool {
        let left = self.left();
        if left.is_zero() {
            return false;
        }
        let wait = jittered(self.next, self.pace.jitter, rand::random());
        self.next = grown(self.next, &self.pace);
        sleep(wait.max(retry_after.unwrap_or_default()).min(left)).await;
        true
    }

    /// What is left of the time.
    pub(crate) fn left(&self) -> Duration {
        self.within.saturating_sub(self.began.elapsed())
    }

    /// The whole time.
    pub(crate) fn limit(&self) -> Duration {
        self.within
    }
}

fn grown(wait: Duration, pace: &Pace) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * pace.factor)
        .unwrap_or(pace.cap)
        .min(pace.cap)
}

/// The wait, longer or shorter by up to that share; `random` is from 0 to 1.
fn jittered(wait: Duration, share: f64, random: f64) -> Duration {
    let factor = 1.0 + share * (2.0 * random - 1.0);
    Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(wait)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Backoff, grown, jittered};
    use crate::settings::Pace;

    #[test]
    fn waits_grow_to_the_cap() {
        let pace = Pace::default();
        let mut waits = vec![pace.first];
        for _ in 0..9 {
            waits.push(grown(waits[waits.len() - 1], &pace));
        }
        let seconds: Vec<f64> = waits.iter().map(Duration::as_secs_f64).collect();
        assert_eq!(seconds[..4], [2.0, 3.0, 4.5, 6.75]);
        assert_eq!(seconds[8..], [30.0, 30.0]);
    }

    #[test]
    fn jitter_is_a_tenth_each_way() {
        let wait = Duration::from_secs(10);
        for (random, expected) in [(0.0, 9), (0.5, 10), (1.0, 11)] {
            assert_eq!(jittered(wait, 0.1, random), Duration::from_secs(expected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_longer_wish_of_the_broker_wins_and_the_deadline_wins_over_both() {
        let mut backoff = Backoff::within(&Pace::default(), Duration::from_mins(2));
        let began = Instant::now();
        assert!(backoff.wait(Some(Duration::from_secs(1))).await);
        assert!(began.elapsed() >= Duration::from_millis(1_800));
        assert!(backoff.wait(Some(Duration::from_secs(20))).await);
        assert!(began.elapsed() >= Duration::from_secs(21));
        assert!(backoff.wait(Some(Duration::MAX)).await);
        let over = began.elapsed();
        assert!(
            over >= Duration::from_mins(2) && over < Duration::from_secs(121),
            "{over:?}"
        );
        assert!(!backoff.wait(None).await);
    }
}
