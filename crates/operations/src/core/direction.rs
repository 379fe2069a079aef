//! Which way an operation goes, and which step it is at.

use crate::failure::{Effect, Failure, Retry};
use crate::operation::{Operation, OperationState, StepRecord, StepState};

/// Which way an operation goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards success.
    Forward,
    /// Towards nothing left.
    Back,
}

/// Whether the pivot is done: from here on only forward.
pub fn past_pivot(operation: &Operation) -> bool {
    pivot(operation).is_some_and(|step| step.state == StepState::Done)
}

/// Which way the operation goes, or went before it needed attention.
///
/// The record does not keep this for `NeedsAttention`; the steps tell. A pivot that failed with an unknown
/// outcome can only be taken forward: nobody knows whether there is something to go back from.
pub fn direction(operation: &Operation) -> Direction {
    match operation.state {
        OperationState::Pending | OperationState::Running | OperationState::Succeeded => {
            Direction::Forward
        }
        OperationState::Compensating | OperationState::RolledBack => Direction::Back,
        OperationState::NeedsAttention | OperationState::Abandoned => {
            let undoing = |step: &StepRecord| {
                matches!(step.state, StepState::UndoStarted | StepState::Undone)
            };
            if past_pivot(operation) {
                Direction::Forward
            } else if operation.steps.iter().any(undoing) {
                Direction::Back
            } else if let Some(failed) = operation
                .steps
                .iter()
                .find(|step| step.state == StepState::Failed)
            {
                let surely_not = failed
                    .error
                    .as_ref()
                    .is_none_or(|failure| failure.effect == Effect::None);
                if failed.pivot && !surely_not {
                    Direction::Forward
                } else {
                    Direction::Back
                }
            } else if operation.cancel_requested_at.is_some() && !pivot_in_doubt(operation) {
                Direction::Back
            } else {
                Direction::Forward
            }
        }
    }
}

/// The step that the operation is at: the one to run, or to undo, next.
pub fn current_step(operation: &Operation) -> Option<&StepRecord> {
    match direction(operation) {
        Direction::Forward => next_forward(operation),
        Direction::Back => next_undo(operation),
    }
}

/// The pivot, if there is one.
pub(super) fn pivot(operation: &Operation) -> Option<&StepRecord> {
    operation.steps.iter().find(|step| step.pivot)
}

/// Whether the pivot has begun and nobody knows its outcome.
fn pivot_in_doubt(operation: &Operation) -> bool {
    pivot(operation).is_some_and(|step| step.state == StepState::Started)
}

/// The first step that is not done.
pub(super) fn next_forward(operation: &Operation) -> Option<&StepRecord> {
    operation
        .steps
        .iter()
        .find(|step| step.state != StepState::Done)
}

/// The last step of which something may be left.
pub(super) fn next_undo(operation: &Operation) -> Option<&StepRecord> {
    operation
        .steps
        .iter()
        .rev()
        .find(|step| !matches!(step.state, StepState::Todo | StepState::Undone))
}

/// Whether the pivot surely did not happen, so that the operation may still go back.
///
/// A permanent failure without effect is a statement about the step as a whole, because `run` first looks
/// for its own work. A transient one speaks of its own attempt only, so the earlier ones count as well.
pub(super) fn pivot_did_not_happen(record: Option<&StepRecord>, failure: &Failure) -> bool {
    let earlier_had_none = || {
        record
            .and_then(|step| step.error.as_ref())
            .is_none_or(|earlier| earlier.effect == Effect::None)
    };
    failure.effect == Effect::None && (failure.retry == Retry::No || earlier_had_none())
}

/// What two attempts of one step may have done together.
pub(super) fn both(earlier: Effect, later: Effect) -> Effect {
    match (earlier, later) {
        (Effect::None, Effect::None) => Effect::None,
        (Effect::Applied, Effect::None | Effect::Applied | Effect::Unknown)
        | (Effect::None | Effect::Unknown, Effect::Applied) => Effect::Applied,
        (Effect::Unknown, Effect::None | Effect::Unknown) | (Effect::None, Effect::Unknown) => {
            Effect::Unknown
        }
    }
}
