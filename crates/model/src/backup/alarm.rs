//! When too much would be lost.

use super::schedule::Schedule;
use crate::time::Timestamp;

const HOUR: i64 = 60 * 60 * 1000;
/// What a backup may take, and be late, before anybody is told.
const GRACE_HOURS: u32 = 12;

/// An instance whose last good backup is too old: what was written since would be lost with its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Whole hours since the last good backup was begun, or since there is something to back up.
    pub hours: u64,
    /// Whether there is none at all.
    pub has_none: bool,
}

/// After how many hours without a good backup that is a fault: the schedule's, and half a day.
pub fn patience_hours(schedule: Schedule) -> u32 {
    schedule.every_hours.max(1).saturating_add(GRACE_HOURS)
}

/// Whether the instance that is there since `born_at` has been without a good backup for longer than `patience_hours`.
/// It is the age of the last good one that counts, not whether a run failed: a run that never began is no failure.
pub fn overdue(
    born_at: Timestamp,
    last_good: Option<Timestamp>,
    patience_hours: u32,
    now: Timestamp,
) -> Option<Overdue> {
    let since = last_good.unwrap_or(born_at);
    let age = now.0.saturating_sub(since.0);
    if age <= i64::from(patience_hours).saturating_mul(HOUR) {
        return None;
    }
    Some(Overdue {
        hours: u64::try_from(age / HOUR).unwrap_or_default(),
        has_none: last_good.is_none(),
    })
}
