//! How long backups are kept.

use std::collections::HashSet;

use super::BackupTrigger;
use crate::time::Timestamp;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// How many of which are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Of scheduled ones: the newest of that many days,
    pub daily: usize,
    /// of that many weeks,
    pub weekly: usize,
    /// and of that many months that have one.
    pub monthly: usize,
    /// Of those that a user wanted: all that are no older than that many days,
    pub young_days: u32,
    /// and that many of the older.
    pub older: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            daily: 7,
            weekly: 4,
            monthly: 12,
            young_days: 30,
            older: 3,
        }
    }
}

/// What is known of a backup of one instance that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<Id> {
    /// Its id.
    pub id: Id,
    /// Why it was made.
    pub trigger: BackupTrigger,
    /// When it was begun: the state that it holds.
    pub taken_at: Timestamp,
    /// Whether it can be restored. Others only tell that there was an attempt.
    pub is_good: bool,
    /// When it is to be deleted, if somebody has said so: then nothing else counts.
    pub scheduled_for_deletion_at: Option<Timestamp>,
    /// Whether a download or a restore of it has not ended.
    pub is_in_use: bool,
}

/// Those of one instance's backups that are to be deleted, oldest first.
///
/// Days, weeks and months without a backup do not count: when backups stop, those that are there stay. What a time was
/// set for takes nobody's place.
pub fn expired<Id: Copy>(backups: &[Candidate<Id>], rules: &Rules, now: Timestamp) -> Vec<Id> {
    let mut newest_first: Vec<_> = backups.iter().collect();
    newest_first.sort_by_key(|backup| std::cmp::Reverse(backup.taken_at));
    let mut days = Periods::new(rules.daily, day_of);
    let mut weeks = Periods::new(rules.weekly, week_of);
    let mut months = Periods::new(rules.monthly, month_of);
    let mut older = 0;
    let is_young = |backup: &Candidate<Id>| {
        now.0.saturating_sub(backup.taken_at.0) <= i64::from(rules.young_days) * DAY
    };
    let mut expired = Vec::new();
    for backup in newest_first {
        let is_kept = match (backup.scheduled_for_deletion_at, backup.trigger) {
            (Some(at), _) => now < at,
            // A record of a failure stays as long as somebody may ask.
            (None, _) if !backup.is_good => is_young(backup),
            (None, BackupTrigger::Scheduled) => {
                // All three are asked: a backup may stand for a day, a week and a month.
                let at = backup.taken_at;
                [days.take(at), weeks.take(at), months.take(at)].contains(&true)
            }
            (
                None,
                BackupTrigger::Manual
                | BackupTrigger::Safety
                | BackupTrigger::Final
                | BackupTrigger::Upload,
            ) => {
                is_young(backup) || {
                    older += 1;
                    older <= rules.older
                }
            }
        };
        if !is_kept && !backup.is_in_use {
            expired.push(backup.id);
        }
    }
    expired.reverse();
    expired
}

/// The newest of each period, as long as there are periods to be had.
struct Periods {
    left: usize,
    of: fn(Timestamp) -> i64,
    seen: HashSet<i64>,
}

impl Periods {
    fn new(left: usize, of: fn(Timestamp) -> i64) -> Self {
        let seen = HashSet::new();
        Self { left, of, seen }
    }

    /// Whether it is the first of a period that counts.
    fn take(&mut self, at: Timestamp) -> bool {
        if self.left == 0 || !self.seen.insert((self.of)(at)) {
            return false;
        }
        self.left -= 1;
        true
    }
}

fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// Weeks begin on Monday; the epoch was a Thursday.
fn week_of(at: Timestamp) -> i64 {
    (day_of(at) + 3).div_euclid(7)
}

/// Months of the Gregorian calendar since the year 0, by counting years from March, so that the day that some years
/// have more is their last (Hinnant, "chrono-compatible low-level date algorithms").
fn month_of(at: Timestamp) -> i64 {
    let days = day_of(at) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * 12 + month_from_march + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp(day * DAY + DAY / 2)
    }

    #[test]
    fn weeks_and_months_begin_where_the_calendar_says() {
        // 1970-01-01 was a Thursday: the first Monday is the 5th.
        assert_eq!(week_of(at(3)), week_of(at(-3)));
        assert_eq!(week_of(at(4)), week_of(at(3)) + 1);
        let january = month_of(at(0));
        assert_eq!(january, 1970 * 12);
        for (day, months) in [
            (-1, -1),
            (30, 0),
            (31, 1),
            (58, 1),
            (59, 2),
            // 2000-02-29 and 2000-03-01.
            (11_016, 30 * 12 + 1),
            (11_017, 30 * 12 + 2),
            // 2026-11-30 and 2026-12-01.
            (20_787, 56 * 12 + 10),
            (20_788, 56 * 12 + 11),
        ] {
            assert_eq!(month_of(at(day)) - january, months, "day {day}");
        }
    }
}
