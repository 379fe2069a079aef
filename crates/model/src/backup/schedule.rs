//! When the next backup of an instance is due.

use crate::id::{Id, InstanceId};
use crate::time::Timestamp;

const HOUR: i64 = 60 * 60 * 1000;
/// How long after a scheduled backup failed it is tried again.
const TRY_AGAIN_AFTER: i64 = HOUR;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The hours between two backups; one at least.
    pub every_hours: u32,
}

impl Default for Schedule {
    /// Daily.
    fn default() -> Self {
        Self { every_hours: 24 }
    }
}

/// The last scheduled backup of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// When its record was written.
    pub started_at: Timestamp,
    /// How it ended; none while it runs.
    pub was_good: Option<bool>,
}

/// When the next one is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// One runs: there is one at a time.
    Runs,
    /// It is due, since then.
    Due {
        /// Its time.
        since: Timestamp,
    },
    /// It will be due.
    At(Timestamp),
}

impl Schedule {
    /// When the next backup of the instance is due, that is there since `born_at`.
    ///
    /// Each instance has a time of day of its own, by the random part of its id. Of those that were missed, one is made
    /// up for, at once. A failed one is tried again in an hour.
    pub fn next(
        &self,
        instance: InstanceId,
        born_at: Timestamp,
        last: Option<LastRun>,
        now: Timestamp,
    ) -> Next {
        let from = match last {
            None => born_at,
            Some(LastRun { was_good: None, .. }) => return Next::Runs,
            Some(last) => last.started_at,
        };
        // A clock that was ahead once must not stop backups until that time comes.
        let from = from.min(now);
        let mut at = self.first_after(instance, from);
        if let Some(LastRun {
            was_good: Some(false),
            ..
        }) = last
        {
            at = at.min(from.plus_millis(TRY_AGAIN_AFTER));
        }
        if at <= now {
            Next::Due { since: at }
        } else {
            Next::At(at)
        }
    }

    /// The instance's first time behind that one.
    fn first_after(&self, instance: InstanceId, from: Timestamp) -> Timestamp {
        let period = i64::from(self.every_hours.max(1)) * HOUR;
        let random = instance.uuid().as_u128() & u128::from(u32::MAX);
        let offset = i64::try_from(random).expect("32 bits fit") % period;
        let passed = (from.0 - offset).rem_euclid(period);
        from.plus_millis(period - passed)
    }
}
