//! Random walks over the core: nothing panics, nothing is stuck, and the world is as the end promises.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use windlass_model::time::Timestamp;
use windlass_operations::core::{
    Direction, Idle, Next, RetryPolicy, apply, current_step, decide, direction, past_pivot,
    plan_failure,
};
use windlass_operations::{
    Effect, Event, Failure, Operation, OperationState as Op, Outcome, Retry, StepRecord, StepSpec,
    StepState as St,
};

use super::core_table::{all_events, operation};

/// What happens next in the walk.
#[derive(Debug, Clone)]
enum Move {
    /// The call has its effect or not, and fails or not.
    Call {
        has_effect: bool,
        failure: Option<(Effect, Retry)>,
    },
    /// The server dies between the two records of a call.
    Crash {
        has_effect: bool,
    },
    Cancel,
    Retry,
    Skip,
}

fn moves() -> impl Strategy<Value = Move> {
    let effect = prop_oneof![
        Just(Effect::None),
        Just(Effect::Applied),
        Just(Effect::Unknown)
    ];
    let retry = prop_oneof![Just(Retry::No), Just(Retry::AfterMillis(5))];
    let failed = (any::<bool>(), effect, retry).prop_map(|(lucky, effect, retry)| Move::Call {
        // What it says about its effect is true.
        has_effect: effect == Effect::Applied || (effect == Effect::Unknown && lucky),
        failure: Some((effect, retry)),
    });
    prop_oneof![
        4 => Just(Move::Call { has_effect: true, failure: None }),
        4 => failed,
        2 => any::<bool>().prop_map(|has_effect| Move::Crash { has_effect }),
        1 => Just(Move::Cancel),
        1 => Just(Move::Retry),
        1 => Just(Move::Skip),
    ]
}

/// The core, and the world that its calls would make.
struct Walk {
    op: Operation,
    world: BTreeSet<String>,
    now: Timestamp,
}

impl Walk {
    fn record(&mut self, event: &Event) {
        let was_past = past_pivot(&self.op);
        self.op = apply(&self.op, self.now, event)
            .unwrap_or_else(|refused| panic!("{event:?}: {refused}"));
        assert!(
            !was_past || past_pivot(&self.op),
            "the pivot was taken back"
        );
        assert!(
            !(past_pivot(&self.op) && direction(&self.op) == Direction::Back),
            "it goes back behind the pivot"
        );
        self.check();
    }

    /// What holds at any time.
    fn check(&self) {
        let started = self
            .op
            .steps
            .iter()
            .filter(|step| matches!(step.state, St::Started | St::UndoStarted))
            .count();
        assert!(started <= 1, "two steps at once: {:?}", self.op);
        let open = self
            .op
            .steps
            .iter()
            .position(|step| step.state != St::Done)
            .unwrap_or(self.op.steps.len());
        let rest = &self.op.steps[open..];
        assert!(
            rest.iter()
                .skip(1)
                .all(|step| matches!(step.state, St::Todo | St::Undone))
                || direction(&self.op) == Direction::Back,
            "{:?}",
            self.op
        );
        for event in all_events() {
            // Whatever comes: no panic.
            let _ = apply(&self.op, self.now, &event);
        }
    }

    /// One move; without one, everything goes well.
    fn go(&mut self, next: Option<Move>) {
        match (decide(&self.op, self.now), next) {
            (_, Some(Move::Cancel)) => {
                if let Ok(op) = apply(
                    &self.op,
                    self.now,
                    &Event::CancelRequested {
                        by: "ada".to_owned(),
                    },
                ) {
                    assert!(!past_pivot(&op));
                    self.op = op;
                }
            }
            (Next::Idle(Idle::NeedsAttention), Some(Move::Skip)) => {
                // Done by hand, truly.
                let Some(step) = current_step(&self.op).map(|step| step.name.clone()) else {
                    return;
                };
                match direction(&self.op) {
                    Direction::Forward => self.world.insert(step.clone()),
                    Direction::Back => self.world.remove(&step),
                };
                self.record(&Event::StepSkipped {
                    step,
                    by: "op".to_owned(),
                    reason: "by hand".to_owned(),
                });
            }
            (Next::Idle(Idle::NeedsAttention), None | Some(Move::Retry)) => {
                self.record(&Event::RetryRequested {
                    by: "op".to_owned(),
                });
                assert!(!matches!(
                    decide(&self.op, self.now),
                    Next::Idle(_) | Next::Wait { .. }
                ));
            }
            (Next::Wait { until }, _) => {
                assert!(until > self.now && self.op.owner.is_none());
                self.now = until;
            }
            (Next::Run { step }, next) => self.call(&step, next.as_ref(), true),
            (Next::Undo { step }, next) => self.call(&step, next.as_ref(), false),
            (Next::Finish { outcome }, _) => self.record(&Event::Finished { outcome }),
            (Next::Idle(_), _) => {}
        }
    }

    fn call(&mut self, step: &str, next: Option<&Move>, forward: bool) {
        let name = step.to_owned();
        self.record(&if forward {
            Event::StepStarted { step: name.clone() }
        } else {
            Event::UndoStarted { step: name.clone() }
        });
        let (has_effect, failure) = match next {
            None | Some(Move::Retry | Move::Skip | Move::Cancel) => (true, None),
            Some(Move::Call {
                has_effect,
                failure,
            }) => (*has_effect, *failure),
            Some(Move::Crash { has_effect }) => {
                self.effect(step, forward, *has_effect);
                return;
            }
        };
        self.effect(step, forward, has_effect);
        let event = match failure {
            None if forward => Event::StepDone {
                step: name,
                output: None,
            },
            None => Event::UndoDone { step: name },
            Some((mut effect, retry)) => {
                // A permanent failure of a pivot speaks for all attempts: `run` looks for its work first.
                if forward
                    && self.world.contains(step)
                    && retry == Retry::No
                    && effect == Effect::None
                {
                    effect = Effect::Applied;
                }
                let failure = Failure {
                    effect,
                    retry,
                    ..Failure::permanent("code", "message")
                };
                let spec = StepSpec::new(step, Duration::from_secs(1), 3);
                let policy = RetryPolicy {
                    forward_attempts: 4,
                    undo_attempts: 4,
                    permanent_attempts: 2,
                    ..RetryPolicy::default()
                };
                plan_failure(&policy, &self.op, &spec, failure, self.now, 0.5)
            }
        };
        self.record(&event);
    }

    fn effect(&mut self, step: &str, forward: bool, has_effect: bool) {
        if has_effect && forward {
            self.world.insert(step.to_owned());
        } else if has_effect {
            self.world.remove(step);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_walk_ends_well_once_the_faults_end(
        count in 0usize..6,
        pivot in proptest::option::of(0usize..6),
        given in proptest::collection::vec(moves(), 0..60),
    ) {
        let steps = (0..count).map(|index| StepRecord::todo(format!("step{index}"), pivot == Some(index))).collect();
        let mut walk = Walk { op: operation(steps), world: BTreeSet::new(), now: Timestamp(0) };
        for next in given {
            walk.go(Some(next));
        }
        let mut left = 200;
        while !walk.op.state.is_finished() {
            walk.go(None);
            left -= 1;
            prop_assert!(left > 0, "stuck: {:?}", walk.op);
        }
        let all: BTreeSet<String> = walk.op.steps.iter().map(|step| step.name.clone()).collect();
        match walk.op.state {
            Op::Succeeded => prop_assert_eq!(walk.world, all),
            Op::RolledBack => {
                prop_assert!(walk.world.is_empty(), "left over: {:?}", walk.world);
                prop_assert!(walk.op.steps.iter().all(|step| matches!(step.state, St::Todo | St::Undone)));
            }
            other => prop_assert!(false, "ended as {other:?}"),
        }
        prop_assert_eq!(decide(&walk.op, walk.now), Next::Idle(Idle::Finished));
        let again = Event::Finished { outcome: Outcome::Succeeded };
        prop_assert!(apply(&walk.op, walk.now, &again).is_err());
    }
}
