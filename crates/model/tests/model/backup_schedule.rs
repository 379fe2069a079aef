//! When the next backup is due.

use proptest::prelude::*;
use uuid::Uuid;
use windlass_model::backup::schedule::{LastRun, Next, Schedule};
use windlass_model::id::InstanceId;
use windlass_model::time::Timestamp;

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
const NOW: i64 = 20_000 * DAY;

fn instance(bits: u128) -> InstanceId {
    InstanceId::from(Uuid::from_u128(bits))
}

fn good(started_at: i64) -> Option<LastRun> {
    Some(LastRun {
        started_at: Timestamp(started_at),
        was_good: Some(true),
    })
}

fn failed(started_at: i64) -> Option<LastRun> {
    Some(LastRun {
        started_at: Timestamp(started_at),
        was_good: Some(false),
    })
}

fn next(bits: u128, last: Option<LastRun>, now: i64) -> Next {
    Schedule::default().next(instance(bits), Timestamp(NOW), last, Timestamp(now))
}

#[test]
fn one_runs_at_a_time() {
    let running = Some(LastRun {
        started_at: Timestamp(NOW),
        was_good: None,
    });
    for now in [NOW, NOW + DAY, NOW + 100 * DAY] {
        assert_eq!(next(7, running, now), Next::Runs);
    }
}

#[test]
fn a_failed_one_is_tried_again_in_an_hour() {
    // Its time of day is long over.
    let (own, failed) = (5 * HOUR, failed(NOW + 6 * HOUR));
    let bits = u128::try_from(own).unwrap();
    assert_eq!(
        next(bits, good(NOW + 6 * HOUR), NOW + 20 * HOUR),
        Next::At(Timestamp(NOW + DAY + own))
    );
    assert_eq!(
        next(bits, failed, NOW + 7 * HOUR - 1),
        Next::At(Timestamp(NOW + 7 * HOUR))
    );
    let since = Timestamp(NOW + 7 * HOUR);
    assert_eq!(next(bits, failed, NOW + 20 * HOUR), Next::Due { since });
}

#[test]
fn instances_are_spread_over_the_day() {
    let mut hours = [0; 24];
    for number in 0..2400_u32 {
        let bits = u128::from(number.wrapping_mul(2_654_435_769));
        let Next::At(at) = next(bits, good(NOW), NOW) else {
            panic!("nothing is due at once");
        };
        hours[usize::try_from((at.0 - NOW - 1) / HOUR).unwrap()] += 1;
    }
    assert!(
        hours.iter().all(|count| (50..=150).contains(count)),
        "{hours:?}"
    );
}

proptest! {
    /// One a day, at the instance's own time, for as long as each is begun when it is due.
    #[test]
    fn one_a_day_at_the_same_time(bits in any::<u128>(), days in 1_usize..20) {
        let mut last = None;
        let mut times = Vec::new();
        let mut now = NOW;
        for _ in 0..days {
            let Next::At(at) = next(bits, last, now) else {
                return Err(TestCaseError::fail("nothing is due at once"));
            };
            prop_assert!(at.0 > now && at.0 <= now + DAY);
            prop_assert_eq!(next(bits, last, at.0), Next::Due { since: at });
            prop_assert_eq!(next(bits, last, at.0 - 1), Next::At(at));
            times.push(at.0);
            now = at.0;
            last = good(now);
        }
        prop_assert!(times.windows(2).all(|pair| pair[1] - pair[0] == DAY));
    }

    /// What was missed is due at once, and once.
    #[test]
    fn missed_ones_are_made_up_for_once(bits in any::<u128>(), missed in DAY..100 * DAY) {
        let now = NOW + missed;
        let next_of = next(bits, good(NOW), now);
        prop_assert!(matches!(next_of, Next::Due { since } if since.0 > NOW && since.0 <= NOW + DAY));
        prop_assert!(matches!(next(bits, good(now), now), Next::At(at) if at.0 > now && at.0 <= now + DAY));
    }

    /// Whatever clocks did, the next one is not further away than a period.
    #[test]
    fn it_is_never_far_away(bits in any::<u128>(), started in any::<i32>(), hours in 0_u32..100, was_good in any::<bool>()) {
        let schedule = Schedule { every_hours: hours };
        let last = LastRun { started_at: Timestamp(NOW + i64::from(started) * 1000), was_good: Some(was_good) };
        let now = Timestamp(NOW);
        match schedule.next(instance(bits), Timestamp(0), Some(last), now) {
            Next::Due { since } => prop_assert!(since <= now),
            Next::At(at) => prop_assert!(at > now && at.0 <= NOW + i64::from(hours.max(1)) * HOUR),
            Next::Runs => prop_assert!(false, "it has ended"),
        }
    }
}
