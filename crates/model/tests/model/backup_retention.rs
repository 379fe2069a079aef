//! How long backups are kept.

use proptest::prelude::*;
use windlass_model::backup::BackupTrigger::{Final, Manual, Safety, Scheduled, Upload};
use windlass_model::backup::retention::{Candidate, Rules, expired};
use windlass_model::backup::{BackupTrigger, Success};
use windlass_model::time::Timestamp;

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// 2026-11-30, a Monday, at noon.
const NOW: Timestamp = Timestamp(20_787 * DAY + 12 * HOUR);

fn taken(id: usize, trigger: BackupTrigger, hours_ago: i64) -> Candidate<usize> {
    Candidate {
        id,
        trigger,
        taken_at: NOW.plus_millis(-hours_ago * HOUR),
        is_good: true,
        scheduled_for_deletion_at: None,
        is_in_use: false,
    }
}

fn kept(backups: &[Candidate<usize>], now: Timestamp) -> Vec<usize> {
    let gone = expired(backups, &Rules::default(), now);
    let stays = backups.iter().filter(|backup| !gone.contains(&backup.id));
    stays.map(|backup| backup.id).collect()
}

/// One each day at noon, numbered by its age in days, for two years.
#[test]
fn daily_weekly_and_monthly_as_the_calendar_has_them() {
    let daily: Vec<_> = (0..730)
        .map(|days| taken(days, Scheduled, i64::try_from(days).unwrap() * 24))
        .collect();
    // Seven days; the last days of the weeks before (Sundays, the first of which is yesterday); of the months before
    // (31 October 2026 is 30 days ago).
    let days = [0, 1, 2, 3, 4, 5, 6];
    let weeks = [0, 1, 8, 15];
    let months = [0, 30, 61, 91, 122, 153, 183, 214, 244, 275, 303, 334];
    let mut wanted: Vec<usize> = [&days[..], &weeks, &months].concat();
    wanted.sort_unstable();
    wanted.dedup();
    assert_eq!(kept(&daily, NOW), wanted);
}

#[test]
fn of_those_that_a_user_wanted_the_old_ones_get_few() {
    let ages = [
        0,
        1,
        29 * 24,
        30 * 24,
        30 * 24 + 1,
        40 * 24,
        50 * 24,
        60 * 24,
        400 * 24,
    ];
    let backups: Vec<_> = ages
        .iter()
        .enumerate()
        .map(|(id, hours)| taken(id, Manual, *hours))
        .collect();
    assert_eq!(kept(&backups, NOW), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_time_that_was_set_is_all_that_counts() {
    for trigger in BackupTrigger::ALL {
        let mut backups: Vec<_> = (0..20).map(|id| taken(id, trigger, 1000 * 24)).collect();
        let set = |backup: &mut Candidate<usize>, millis| {
            backup.scheduled_for_deletion_at = Some(NOW.plus_millis(millis));
        };
        set(&mut backups[0], 1);
        set(&mut backups[1], 0);
        set(&mut backups[2], -1);
        let kept = kept(&backups, NOW);
        assert!(
            kept.contains(&0) && !kept.contains(&1) && !kept.contains(&2),
            "{trigger}: {kept:?}"
        );
        // They took nobody's place.
        let others = if trigger == Scheduled { 1 } else { 3 };
        assert_eq!(kept.len(), 1 + others, "{trigger}");
    }
}

#[test]
fn failures_take_no_place_and_stay_a_month() {
    let failed = |id, hours| Candidate {
        is_good: false,
        ..taken(id, Scheduled, hours)
    };
    let backups = [
        failed(0, 1),
        taken(1, Scheduled, 2),
        failed(2, 30 * 24),
        failed(3, 31 * 24),
    ];
    assert_eq!(kept(&backups, NOW), [0, 1, 2]);
}

#[test]
fn success_is_of_all_parts() {
    for (parts, wanted) in [
        (vec![], Success::Failure),
        (vec![false, false], Success::Failure),
        (vec![true, false], Success::Partial),
        (vec![true, true], Success::Success),
    ] {
        assert_eq!(Success::of(parts), wanted);
    }
    for trigger in BackupTrigger::ALL {
        assert_eq!(trigger.as_str().parse(), Ok(trigger));
    }
    assert!("manual".parse::<BackupTrigger>().is_err());
}

fn candidates() -> impl Strategy<Value = Vec<Candidate<usize>>> {
    let trigger = prop::sample::select(vec![
        Scheduled, Scheduled, Scheduled, Manual, Safety, Final, Upload,
    ]);
    let one = (
        trigger,
        0_i64..800 * 24,
        any::<bool>(),
        prop::option::of(-100_i64..100),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(
                |(id, (trigger, hours, is_good, deletion, is_in_use))| Candidate {
                    is_good,
                    scheduled_for_deletion_at: deletion.map(|hours| NOW.plus_millis(hours * HOUR)),
                    is_in_use,
                    ..taken(id, trigger, hours)
                },
            )
            .collect()
    })
}

proptest! {
    /// What is in use stays; the newest good one of each sort does; and there is a bound.
    #[test]
    fn what_must_stay_stays(backups in candidates()) {
        let gone = expired(&backups, &Rules::default(), NOW);
        for backup in &backups {
            if backup.is_in_use {
                prop_assert!(!gone.contains(&backup.id));
            }
        }
        let plain = |backup: &&Candidate<usize>| backup.is_good && backup.scheduled_for_deletion_at.is_none();
        for is_scheduled in [true, false] {
            let sort = backups.iter().filter(plain).filter(|backup| (backup.trigger == Scheduled) == is_scheduled);
            if let Some(newest) = sort.max_by_key(|backup| backup.taken_at) {
                let same = backups.iter().filter(|backup| backup.taken_at == newest.taken_at);
                prop_assert!(same.into_iter().any(|backup| !gone.contains(&backup.id)));
            }
        }
        let idle = |backup: &&Candidate<usize>| plain(backup) && !backup.is_in_use && backup.trigger == Scheduled;
        let left = backups.iter().filter(idle).filter(|backup| !gone.contains(&backup.id)).count();
        prop_assert!(left <= 7 + 4 + 12);
    }

    /// What was deleted changes nothing about the rest: to delete twice deletes no more.
    #[test]
    fn once_is_enough(backups in candidates()) {
        let gone = expired(&backups, &Rules::default(), NOW);
        let left: Vec<_> = backups.iter().filter(|backup| !gone.contains(&backup.id)).cloned().collect();
        prop_assert_eq!(expired(&left, &Rules::default(), NOW), Vec::<usize>::new());
    }

    /// Backups that stop do not make those disappear that are there: scheduled ones do not age.
    #[test]
    fn scheduled_ones_do_not_age(hours in prop::collection::vec(0_i64..800 * 24, 1..40), later in 0_i64..10_000) {
        let backups: Vec<_> = hours.iter().enumerate().map(|(id, hours)| taken(id, Scheduled, *hours)).collect();
        prop_assert_eq!(kept(&backups, NOW), kept(&backups, NOW.plus_millis(later * DAY)));
    }

    /// Day by day, with the deletions of each day: there is always one of each of the last seven days, of some week
    /// that far back, and of some month.
    #[test]
    fn day_by_day_old_ones_remain(minutes in prop::collection::vec(0_i64..1440, 420)) {
        let mut there: Vec<Candidate<usize>> = Vec::new();
        for (day, minutes) in minutes.iter().enumerate() {
            let now = Timestamp((20_000 + i64::try_from(day).unwrap()) * DAY + minutes * 60_000);
            let mut new = taken(day, Scheduled, 0);
            new.taken_at = now;
            there.push(new);
            let gone = expired(&there, &Rules::default(), now);
            there.retain(|backup| !gone.contains(&backup.id));
            let ages: Vec<_> = there.iter().map(|backup| day - backup.id).collect();
            for age in 0..7.min(day + 1) {
                prop_assert!(ages.contains(&age), "day {}: {:?}", day, ages);
            }
            if day > 30 {
                prop_assert!(ages.iter().any(|age| (15..=27).contains(age)), "day {}: {:?}", day, ages);
            }
            if day > 400 {
                prop_assert!(ages.iter().any(|age| (300..=366).contains(age)), "day {}: {:?}", day, ages);
            }
        }
    }
}
