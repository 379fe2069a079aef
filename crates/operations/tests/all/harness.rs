//! The harness over the toy, right and wrong.

use std::sync::Arc;

use windlass_operations::testing::{Harness, TokioClock};

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
            report.plays > 150 && report.succeeded > 100 && report.rolled_back >= 5,
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
        report.plays > 10_000 && report.rolled_back > 1_000,
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
