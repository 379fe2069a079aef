//! The harness over the toy, right and wrong.

use std::sync::Arc;

use windlass_operations::testing::{Action, Fault, Harness, TokioClock};

use super::toy::{Mistake, Toy};

fn harness(toy: Toy) -> Harness<Toy> {
    Harness::new(toy).with_clock(Arc::new(TokioClock::new()))
}

#[tokio::test(start_paused = true)]
async fn every_single_fault_ends_as_it_should() {
    for pivot in [None, Some(0), Some(3), Some(4)] {
        let report = harness(Toy::new(pivot))
            .all()
            .await
            .unwrap_or_else(|violation| panic!("{violation}"));
        assert_eq!(report.missed, 0, "{report}");
        assert_eq!(
            report.plays,
            report.succeeded + report.rolled_back,
            "{report}"
        );
        assert!(
            report.plays > 100 && report.succeeded > 50 && report.rolled_back >= 5,
            "{report}"
        );
        assert!(
            report.with_operator > 0,
            "undos that fail for long need an operator: {report}"
        );
        println!("pivot {pivot:?}: {report}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_pair_of_faults_ends_as_it_should() {
    let report = harness(Toy::new(Some(3)))
        .every_pair(1)
        .await
        .unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(report.missed, 0, "{report}");
    assert!(
        report.plays > 5_000 && report.rolled_back > 1_000,
        "{report}"
    );
    println!("pairs: {report}");
}

#[tokio::test(start_paused = true)]
async fn steps_without_a_second_attempt_end_as_they_should() {
    let report = harness(Toy {
        attempts: 1,
        ..Toy::new(Some(3))
    })
    .all()
    .await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(report.missed, 0, "{report}");
}

#[tokio::test(start_paused = true)]
async fn the_harness_finds_mistakes() {
    for mistake in [
        Mistake::UndoOnlyCompleted,
        Mistake::RunNotIdempotent,
        Mistake::UndoNeedsThing,
    ] {
        let found = harness(Toy {
            mistake,
            ..Toy::new(Some(3))
        })
        .all()
        .await;
        let violation = found.expect_err("a mistake that nobody notices");
        assert!(
            !violation.plan.is_empty() || mistake == Mistake::RunNotIdempotent,
            "{violation}"
        );
    }
}

/// As other crates use it: with threads and the machine's clock, because their stores know no paused time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_real_time_it_is_the_same() {
    let report = Harness::new(Toy::new(Some(3))).all().await;
    let report = report.unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(report.missed, 0, "{report}");
    println!("real time: {report}");
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_not_made_again() {
    let harness = harness(Toy::new(Some(3)));
    let visits = harness.play(&[]).await.unwrap().visits;
    let mut plays = 0;
    for (visit, hook) in visits.into_iter().enumerate() {
        if hook.actions().contains(&Action::StoreAway) {
            let fault = Fault {
                visit,
                hook,
                action: Action::StoreAway,
            };
            let played = harness.play(std::slice::from_ref(&fault)).await.unwrap();
            let attempts: Vec<u32> = played
                .operation
                .steps
                .iter()
                .map(|step| step.attempt)
                .collect();
            assert_eq!((played.fired, attempts), (1, vec![1; 5]), "{fault}");
            plays += 1;
        }
    }
    assert_eq!(
        plays, 14,
        "before and after the first start, four ends with the next start, the last end and the end of all"
    );
}
