//! When too much would be lost.

use windlass_model::backup::alarm::{Overdue, overdue, patience_hours};
use windlass_model::backup::schedule::Schedule;
use windlass_model::time::Timestamp;

const HOUR: i64 = 60 * 60 * 1000;

fn hours(hours: i64) -> Timestamp {
    Timestamp(hours * HOUR)
}

#[test]
fn the_age_of_the_last_good_one_counts() {
    let patience = patience_hours(Schedule::default());
    assert_eq!(patience, 36);
    let born = hours(100);
    let fault = |hours, has_none| Some(Overdue { hours, has_none });
    for (last_good, now, wanted) in [
        (None, hours(100), None),
        (None, hours(136), None),
        (None, hours(136).plus_millis(1), fault(36, true)),
        (Some(hours(150)), hours(186), None),
        (Some(hours(150)), hours(250), fault(100, false)),
        // A clock that was set back.
        (Some(hours(500)), hours(250), None),
    ] {
        assert_eq!(
            overdue(born, last_good, patience, now),
            wanted,
            "{last_good:?} at {now:?}"
        );
    }
}
