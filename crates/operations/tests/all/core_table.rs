//! Every event in every pair of operation state and step state: what applies, and what is refused.

use serde_json::json;
use uuid::Uuid;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;
use windlass_operations::core::{Idle, Next, allowed_from_outside, apply, decide};
use windlass_operations::{
    Effect, Event, Failure, NewOperation, Operation, OperationState as Op, Outcome, Retry,
    StepRecord, StepState as St, Subject,
};

pub(crate) const NOW: Timestamp = Timestamp(1_000);

pub(crate) fn operation(steps: Vec<StepRecord>) -> Operation {
    NewOperation {
        id: OperationId::from(Uuid::from_u128(7)),
        tenant: "org".to_owned(),
        kind: "toy".to_owned(),
        kind_version: 1,
        subject: Subject {
            kind: "environment".to_owned(),
            id: "e".to_owned(),
        },
        params: json!({}),
        actor: "ada".to_owned(),
        request_id: "req".to_owned(),
        parent: None,
        idempotency: None,
        steps,
        created_at: Timestamp(0),
    }
    .operation()
}

/// One step in this state, of an operation in that one, held by a runner.
fn single(state: Op, step: St, pivot: bool) -> Operation {
    let mut record = StepRecord::todo("s", pivot);
    record.state = step;
    let mut operation = operation(vec![record]);
    operation.state = state;
    operation.owner = Some("server".to_owned());
    operation.lease_until = NOW.plus_millis(30_000);
    operation
}

fn failure(effect: Effect, retry: Retry) -> Failure {
    Failure {
        effect,
        retry,
        ..Failure::permanent("code", "message")
    }
}

fn s() -> String {
    "s".to_owned()
}

fn lost() -> Failure {
    failure(Effect::Unknown, Retry::AfterMillis(0))
}

/// What applies to an operation with one step that is not a pivot, with the states that it leads to. All else is
/// refused.
#[expect(clippy::match_same_arms, reason = "a table has a row for each event")]
fn after(event: &Event, state: Op, step: St) -> Option<(Op, St)> {
    Some(match (event, state, step) {
        (Event::StepStarted { .. }, Op::Pending | Op::Running, St::Todo | St::Started) => {
            (Op::Running, St::Started)
        }
        (Event::StepDone { .. }, Op::Running | Op::Compensating, St::Started) => (state, St::Done),
        (
            Event::StepFailed {
                retry_at: Some(_), ..
            },
            Op::Running,
            St::Started,
        ) => (Op::Running, St::Started),
        (Event::StepFailed { .. }, Op::Running | Op::Compensating, St::Started) => {
            (Op::Compensating, St::Failed)
        }
        (
            Event::UndoStarted { .. },
            Op::Compensating,
            St::Started | St::Done | St::Failed | St::UndoStarted,
        ) => (Op::Compensating, St::UndoStarted),
        (Event::UndoDone { .. }, Op::Compensating, St::UndoStarted) => {
            (Op::Compensating, St::Undone)
        }
        (Event::UndoFailed { retry_at, .. }, Op::Compensating, St::UndoStarted) => (
            if retry_at.is_some() {
                Op::Compensating
            } else {
                Op::NeedsAttention
            },
            St::UndoStarted,
        ),
        (Event::CancelRequested { .. }, Op::Pending | Op::Running, step) => {
            (Op::Compensating, step)
        }
        // Before any undo and without a failed step: it stopped on its way forward.
        (Event::CancelRequested { .. }, Op::NeedsAttention, St::Todo | St::Started | St::Done) => {
            (Op::Compensating, step)
        }
        (Event::AttentionNeeded { .. }, Op::Pending | Op::Running | Op::Compensating, step) => {
            (Op::NeedsAttention, step)
        }
        (Event::RetryRequested { .. }, Op::NeedsAttention, St::Todo) => (Op::Pending, St::Todo),
        (Event::RetryRequested { .. }, Op::NeedsAttention, St::Started | St::Done) => {
            (Op::Running, step)
        }
        (
            Event::RetryRequested { .. },
            Op::NeedsAttention,
            St::Failed | St::UndoStarted | St::Undone,
        ) => (Op::Compensating, step),
        (Event::StepSkipped { .. }, Op::NeedsAttention, St::Todo | St::Started) => {
            (Op::Running, St::Done)
        }
        (Event::StepSkipped { .. }, Op::NeedsAttention, St::Failed | St::UndoStarted) => {
            (Op::Compensating, St::Undone)
        }
        (Event::Abandoned { .. }, Op::NeedsAttention, step) => (Op::Abandoned, step),
        (Event::Progress { .. }, Op::Running | Op::Compensating, step) => (state, step),
        (
            Event::Finished {
                outcome: Outcome::Succeeded,
            },
            Op::Pending | Op::Running,
            St::Done,
        ) => (Op::Succeeded, St::Done),
        (
            Event::Finished {
                outcome: Outcome::RolledBack(_),
            },
            Op::Compensating,
            St::Todo | St::Undone,
        ) => (Op::RolledBack, step),
        _ => return None,
    })
}

pub(crate) fn all_events() -> Vec<Event> {
    let later = Some(NOW.plus_millis(500));
    vec![
        Event::StepStarted { step: s() },
        Event::StepDone {
            step: s(),
            output: Some(json!(1)),
        },
        Event::StepFailed {
            step: s(),
            failure: lost(),
            retry_at: None,
        },
        Event::StepFailed {
            step: s(),
            failure: lost(),
            retry_at: later,
        },
        Event::UndoStarted { step: s() },
        Event::UndoDone { step: s() },
        Event::UndoFailed {
            step: s(),
            failure: lost(),
            retry_at: None,
        },
        Event::UndoFailed {
            step: s(),
            failure: lost(),
            retry_at: later,
        },
        Event::CancelRequested { by: s() },
        Event::AttentionNeeded { failure: lost() },
        Event::RetryRequested { by: s() },
        Event::StepSkipped {
            step: s(),
            by: s(),
            reason: s(),
        },
        Event::Abandoned {
            by: s(),
            reason: s(),
        },
        Event::Progress {
            step: s(),
            message: s(),
        },
        Event::Finished {
            outcome: Outcome::Succeeded,
        },
        Event::Finished {
            outcome: Outcome::RolledBack(None),
        },
    ]
}

#[test]
fn every_pair_is_as_the_table_says() {
    let mut applied = 0;
    for event in all_events() {
        for state in Op::ALL {
            for step in St::ALL {
                let before = single(state, step, false);
                let got = apply(&before, NOW, &event);
                let states = got
                    .as_ref()
                    .ok()
                    .map(|after| (after.state, after.steps[0].state));
                assert_eq!(
                    states,
                    after(&event, state, step),
                    "{event:?} in {state:?}/{step:?}: {got:?}"
                );
                match got {
                    Ok(after) => {
                        applied += 1;
                        check_lease(&after, &event);
                    }
                    Err(refused) => assert!(
                        refused.message.contains(&before.id.to_string()),
                        "{refused}"
                    ),
                }
            }
        }
    }
    assert!(applied > 60, "{applied}");
}

/// A lease is held exactly while there is something to do now.
fn check_lease(after: &Operation, event: &Event) {
    let at_work = matches!(after.state, Op::Pending | Op::Running | Op::Compensating)
        && after.next_run_at <= NOW;
    assert_eq!(after.owner.is_some(), at_work, "{event:?}: {after:?}");
    assert_eq!(
        after.finished_at.is_some(),
        after.state.is_finished(),
        "{event:?}: {after:?}"
    );
}

#[test]
fn a_pivot_that_may_have_happened_is_not_rolled_back() {
    let fail = |effect, retry| Event::StepFailed {
        step: s(),
        failure: failure(effect, retry),
        retry_at: None,
    };
    let running = single(Op::Running, St::Started, true);
    for (effect, retry, state) in [
        (Effect::None, Retry::No, Op::Compensating),
        (Effect::None, Retry::AfterMillis(0), Op::Compensating),
        (Effect::Unknown, Retry::No, Op::NeedsAttention),
        (Effect::Unknown, Retry::AfterMillis(0), Op::NeedsAttention),
        (Effect::Applied, Retry::No, Op::NeedsAttention),
    ] {
        assert_eq!(
            apply(&running, NOW, &fail(effect, retry)).unwrap().state,
            state,
            "{effect:?} {retry:?}"
        );
    }
    // An earlier attempt counts, failed or cut off, unless the last one speaks for all.
    let retried = Event::StepFailed {
        step: s(),
        failure: lost(),
        retry_at: Some(NOW),
    };
    let failed_before = apply(
        &apply(&running, NOW, &retried).unwrap(),
        NOW,
        &Event::StepStarted { step: s() },
    )
    .unwrap();
    let cut_off = apply(&running, NOW, &Event::StepStarted { step: s() }).unwrap();
    assert_eq!(cut_off.steps[0].error.as_ref().unwrap().code, "interrupted");
    // A known failure without effect, and then an attempt that was cut off.
    let mut cut_off_later = running.clone();
    for event in [
        Event::StepFailed {
            step: s(),
            failure: failure(Effect::None, Retry::AfterMillis(0)),
            retry_at: Some(NOW),
        },
        Event::StepStarted { step: s() },
    ] {
        cut_off_later = apply(&cut_off_later, NOW, &event).unwrap();
    }
    assert_eq!(
        cut_off_later.steps[0].error.as_ref().unwrap().effect,
        Effect::None
    );
    let cut_off_later = apply(&cut_off_later, NOW, &Event::StepStarted { step: s() }).unwrap();
    for earlier in [failed_before, cut_off, cut_off_later] {
        let transient = apply(&earlier, NOW, &fail(Effect::None, Retry::AfterMillis(0))).unwrap();
        assert_eq!(transient.state, Op::NeedsAttention);
        let resumed = apply(&transient, NOW, &Event::RetryRequested { by: s() }).unwrap();
        assert_eq!(
            (
                resumed.state,
                resumed.steps[0].state,
                resumed.steps[0].attempt
            ),
            (Op::Running, St::Started, 0)
        );
        let permanent = apply(&earlier, NOW, &fail(Effect::None, Retry::No)).unwrap();
        assert_eq!(permanent.state, Op::Compensating);
    }
}

#[test]
fn a_cancel_depends_on_the_pivot() {
    let cancel = Event::CancelRequested {
        by: "ada".to_owned(),
    };
    for (step, state) in [(St::Todo, Op::Compensating), (St::Started, Op::Running)] {
        let after = apply(&single(Op::Running, step, true), NOW, &cancel).unwrap();
        assert_eq!((after.state, after.cancel_requested_at), (state, Some(NOW)));
    }
    let refused = apply(&single(Op::Running, St::Done, true), NOW, &cancel).unwrap_err();
    assert!(
        refused
            .message
            .contains("past the point of no return; it will be finished"),
        "{refused}"
    );
}

#[test]
fn steps_are_run_in_order_and_undone_in_reverse() {
    let mut op = operation(
        ["a", "b", "c"]
            .map(|name| StepRecord::todo(name, false))
            .to_vec(),
    );
    let early = apply(
        &op,
        NOW,
        &Event::StepStarted {
            step: "b".to_owned(),
        },
    )
    .unwrap_err();
    assert!(early.message.contains("'a' comes first"), "{early}");
    for (index, state) in [St::Done, St::Failed, St::Todo].into_iter().enumerate() {
        op.steps[index].state = state;
    }
    op.state = Op::Compensating;
    let early = apply(
        &op,
        NOW,
        &Event::UndoStarted {
            step: "a".to_owned(),
        },
    )
    .unwrap_err();
    assert!(early.message.contains("'b' comes first"), "{early}");
    assert_eq!(
        decide(&op, NOW),
        Next::Undo {
            step: "b".to_owned()
        }
    );
}

#[test]
fn deciding() {
    let run = Next::Run { step: s() };
    let undo = Next::Undo { step: s() };
    assert_eq!(decide(&single(Op::Pending, St::Todo, false), NOW), run);
    assert_eq!(decide(&single(Op::Running, St::Started, false), NOW), run);
    assert_eq!(
        decide(&single(Op::Running, St::Done, false), NOW),
        Next::Finish {
            outcome: Outcome::Succeeded
        }
    );
    for state in [St::Started, St::Done, St::Failed, St::UndoStarted] {
        assert_eq!(decide(&single(Op::Compensating, state, false), NOW), undo);
    }
    for state in [St::Todo, St::Undone] {
        let mut rolled_back = single(Op::Compensating, state, false);
        rolled_back.error = Some(lost());
        let outcome = Outcome::RolledBack(Some(lost()));
        assert_eq!(decide(&rolled_back, NOW), Next::Finish { outcome });
    }
    for (state, idle) in [
        (Op::NeedsAttention, Idle::NeedsAttention),
        (Op::Succeeded, Idle::Finished),
        (Op::RolledBack, Idle::Finished),
        (Op::Abandoned, Idle::Finished),
    ] {
        assert_eq!(
            decide(&single(state, St::Started, false), NOW),
            Next::Idle(idle)
        );
    }
    let mut later = single(Op::Running, St::Started, false);
    later.next_run_at = NOW.plus_millis(1);
    assert_eq!(
        decide(&later, NOW),
        Next::Wait {
            until: NOW.plus_millis(1)
        }
    );
    assert_eq!(decide(&later, NOW.plus_millis(1)), run);
    assert_eq!(
        decide(&operation(Vec::new()), NOW),
        Next::Finish {
            outcome: Outcome::Succeeded
        }
    );
}

#[test]
fn only_wishes_of_people_need_no_lease() {
    let outside: Vec<_> = all_events()
        .into_iter()
        .filter(allowed_from_outside)
        .collect();
    assert!(matches!(
        &outside[..],
        [
            Event::CancelRequested { .. },
            Event::RetryRequested { .. },
            Event::StepSkipped { .. },
            Event::Abandoned { .. }
        ]
    ));
}
