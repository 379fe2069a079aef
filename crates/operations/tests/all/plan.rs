//! What a failure leads to.

use std::time::Duration;

use proptest::prelude::*;
use windlass_operations::core::{RetryPolicy, plan_failure};
use windlass_operations::{
    Effect, Event, Failure, Operation, OperationState, Retry, StepRecord, StepSpec, StepState,
};

use super::core_table::{NOW, operation};

const SECOND: Retry = Retry::AfterMillis(1_000);

/// Steps before, pivot, behind; the named one is at its nth attempt.
fn at(step: &str, attempt: u32) -> Operation {
    let mut op = operation(vec![
        StepRecord::todo("before", false),
        StepRecord::todo("pivot", true),
        StepRecord::todo("behind", false),
    ]);
    op.state = OperationState::Running;
    for record in &mut op.steps {
        if record.name == step {
            record.state = StepState::Started;
            record.attempt = attempt;
            break;
        }
        record.state = StepState::Done;
    }
    op
}

fn fail(op: &Operation, step: &str, effect: Effect, retry: Retry) -> Option<i64> {
    let spec = StepSpec::new(step, Duration::from_secs(1), 3);
    let failure = Failure {
        effect,
        retry,
        ..Failure::permanent("code", "message")
    };
    match plan_failure(&RetryPolicy::default(), op, &spec, failure, NOW, 1.0) {
        Event::StepFailed { retry_at, .. } | Event::UndoFailed { retry_at, .. } => {
            retry_at.map(|at| at.0 - NOW.0)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn before_the_pivot_the_budget_of_the_step_counts() {
    assert_eq!(
        fail(&at("before", 1), "before", Effect::Unknown, SECOND),
        Some(1_000)
    );
    assert_eq!(
        fail(&at("before", 2), "before", Effect::Unknown, SECOND),
        Some(2_000)
    );
    assert_eq!(
        fail(&at("before", 3), "before", Effect::Unknown, SECOND),
        None
    );
    assert_eq!(
        fail(&at("before", 1), "before", Effect::Unknown, Retry::No),
        None
    );
}

#[test]
fn behind_the_pivot_it_is_tried_for_long() {
    assert_eq!(
        fail(&at("behind", 29), "behind", Effect::None, SECOND),
        Some(60_000)
    );
    assert_eq!(
        fail(&at("behind", 30), "behind", Effect::None, SECOND),
        None
    );
    // Even when it is said to be useless, though not for as long.
    assert!(fail(&at("behind", 4), "behind", Effect::None, Retry::No).is_some());
    assert_eq!(
        fail(&at("behind", 5), "behind", Effect::None, Retry::No),
        None
    );
}

#[test]
fn the_pivot_is_tried_for_long_once_it_may_have_happened() {
    assert_eq!(fail(&at("pivot", 3), "pivot", Effect::None, SECOND), None);
    assert!(fail(&at("pivot", 3), "pivot", Effect::Unknown, SECOND).is_some());
    assert!(fail(&at("pivot", 1), "pivot", Effect::Applied, Retry::No).is_some());
    assert_eq!(
        fail(&at("pivot", 1), "pivot", Effect::None, Retry::No),
        None
    );
    let mut doubtful = at("pivot", 3);
    doubtful.steps[1].error = Some(Failure::transient("lost", "no answer"));
    assert!(fail(&doubtful, "pivot", Effect::None, SECOND).is_some());
}

#[test]
fn a_cancelled_pivot_that_did_not_happen_is_not_tried_again() {
    let mut cancelled = at("pivot", 1);
    cancelled.cancel_requested_at = Some(NOW);
    assert_eq!(fail(&cancelled, "pivot", Effect::None, SECOND), None);
    assert!(fail(&cancelled, "pivot", Effect::Unknown, SECOND).is_some());
}

#[test]
fn an_undo_is_tried_for_long() {
    let mut undoing = at("before", 3);
    undoing.state = OperationState::Compensating;
    undoing.steps[0].state = StepState::UndoStarted;
    undoing.steps[0].undo_attempt = 49;
    assert_eq!(
        fail(&undoing, "before", Effect::Unknown, SECOND),
        Some(60_000)
    );
    undoing.steps[0].undo_attempt = 50;
    assert_eq!(fail(&undoing, "before", Effect::Unknown, SECOND), None);
    undoing.steps[0].undo_attempt = 5;
    assert_eq!(fail(&undoing, "before", Effect::Unknown, Retry::No), None);
    // A forward step that a cancel cut short is a failed step, not a failed undo.
    undoing.steps[0].state = StepState::Started;
    undoing.steps[0].undo_attempt = 0;
    let spec = StepSpec::new("before", Duration::from_secs(1), 3);
    let event = plan_failure(
        &RetryPolicy::default(),
        &undoing,
        &spec,
        Failure::transient("c", "m"),
        NOW,
        0.5,
    );
    assert!(
        matches!(event, Event::StepFailed { retry_at: None, .. }),
        "{event:?}"
    );
}

proptest! {
    #[test]
    fn pauses_stay_in_their_bounds(attempt in 1u32..10_000, jitter in -1.0..2.0f64, least in 0u64..10_000_000) {
        let policy = RetryPolicy { forward_attempts: u32::MAX, ..RetryPolicy::default() };
        let spec = StepSpec::new("behind", Duration::from_secs(1), 3);
        let mut failure = Failure::transient("code", "message");
        failure.retry = Retry::AfterMillis(least);
        let event = plan_failure(&policy, &at("behind", attempt), &spec, failure, NOW, jitter);
        let Event::StepFailed { retry_at: Some(retry_at), .. } = event else { panic!("{event:?}") };
        let pause = retry_at.0 - NOW.0;
        let longest = 1_000i64.saturating_mul(1 << (attempt - 1).min(6)).min(60_000);
        let least = i64::try_from(least).unwrap();
        prop_assert!(pause >= least.max(longest / 2) && pause <= least.max(longest), "{pause} of {longest}");
    }
}
