//! The events of a step: what each pair of (operation state, step state) makes of them.

use serde_json::Value;
use windlass_model::time::Timestamp;

use super::apply::Refused;
use super::direction::{both, next_forward, next_undo, past_pivot, pivot_did_not_happen};
use crate::failure::{Effect, Failure, Retry};
use crate::operation::OperationState as Op;
use crate::operation::{Operation, StepState};

/// Where the step is in the list.
pub(super) fn index(operation: &Operation, name: &str) -> Result<usize, Refused> {
    operation
        .steps
        .iter()
        .position(|step| step.name == name)
        .ok_or_else(|| Refused::new(format!("operation {} has no step '{name}'", operation.id)))
}

pub(super) fn started(operation: &mut Operation, at: Timestamp, name: &str) -> Result<(), Refused> {
    let index = index(operation, name)?;
    match (operation.state, operation.steps[index].state) {
        (Op::Pending | Op::Running, StepState::Todo | StepState::Started) => {}
        (
            Op::Pending | Op::Running,
            StepState::Done | StepState::Failed | StepState::UndoStarted | StepState::Undone,
        )
        | (
            Op::Compensating | Op::NeedsAttention | Op::Succeeded | Op::RolledBack | Op::Abandoned,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        ) => return Err(refused(operation, index, "start")),
    }
    in_turn(
        operation,
        index,
        next_forward(operation).map(|step| step.name.as_str()),
    )?;
    let step = &mut operation.steps[index];
    // An attempt that began and has no end on record was cut off: whether it had its effect is unknown.
    if step.state == StepState::Started && step.finished_at.is_none() {
        let effect = step.error.as_ref().map_or(Effect::Unknown, |earlier| {
            both(earlier.effect, Effect::Unknown)
        });
        let mut cut_off = Failure::transient(
            "interrupted",
            format!("attempt {} of '{name}' was cut off", step.attempt),
        );
        cut_off.effect = effect;
        step.error = Some(cut_off);
    }
    step.state = StepState::Started;
    step.attempt = step.attempt.saturating_add(1);
    step.started_at.get_or_insert(at);
    step.finished_at = None;
    operation.state = Op::Running;
    operation.next_run_at = at;
    Ok(())
}

pub(super) fn done(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
    output: Option<&Value>,
) -> Result<(), Refused> {
    let index = index(operation, name)?;
    match (operation.state, operation.steps[index].state) {
        // Compensating: the cancel came while the step was running; what it has done is then undone.
        (Op::Running | Op::Compensating, StepState::Started) => {}
        (
            Op::Running | Op::Compensating,
            StepState::Todo
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        )
        | (
            Op::Pending | Op::NeedsAttention | Op::Succeeded | Op::RolledBack | Op::Abandoned,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        ) => return Err(refused(operation, index, "be done")),
    }
    let step = &mut operation.steps[index];
    step.state = StepState::Done;
    step.completed = true;
    step.output = output.cloned();
    step.error = None;
    step.finished_at = Some(at);
    operation.next_run_at = at;
    Ok(())
}

pub(super) fn failed(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
    failure: &Failure,
    retry_at: Option<Timestamp>,
) -> Result<(), Refused> {
    let index = index(operation, name)?;
    let behind_pivot = past_pivot(operation);
    let step = &mut operation.steps[index];
    let surely_not = pivot_did_not_happen(Some(step), failure);
    match (operation.state, step.state) {
        (Op::Running, StepState::Started) => {
            let mut kept = failure.clone();
            if !(failure.retry == Retry::No && failure.effect == Effect::None) {
                let earlier = step
                    .error
                    .as_ref()
                    .map_or(Effect::None, |earlier| earlier.effect);
                kept.effect = both(earlier, failure.effect);
            }
            step.error = Some(kept);
            step.finished_at = Some(at);
            if let Some(retry_at) = retry_at {
                operation.next_run_at = retry_at;
                return Ok(());
            }
            step.state = StepState::Failed;
            operation.error.clone_from(&step.error);
            operation.next_run_at = at;
            let only_forward = behind_pivot || (step.pivot && !surely_not);
            operation.state = if only_forward {
                Op::NeedsAttention
            } else {
                Op::Compensating
            };
            Ok(())
        }
        // The cancel came while the step was running. There is no other try, and the reason of the
        // rollback is the cancel, not this failure.
        (Op::Compensating, StepState::Started) => {
            step.state = StepState::Failed;
            step.error = Some(failure.clone());
            step.finished_at = Some(at);
            operation.next_run_at = at;
            Ok(())
        }
        (
            Op::Running | Op::Compensating,
            StepState::Todo
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        )
        | (
            Op::Pending | Op::NeedsAttention | Op::Succeeded | Op::RolledBack | Op::Abandoned,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        ) => Err(refused(operation, index, "fail")),
    }
}

pub(super) fn undo_started(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
) -> Result<(), Refused> {
    let index = index(operation, name)?;
    match (operation.state, operation.steps[index].state) {
        (
            Op::Compensating,
            StepState::Started | StepState::Done | StepState::Failed | StepState::UndoStarted,
        ) => {}
        (Op::Compensating, StepState::Todo | StepState::Undone)
        | (
            Op::Pending
            | Op::Running
            | Op::NeedsAttention
            | Op::Succeeded
            | Op::RolledBack
            | Op::Abandoned,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        ) => return Err(refused(operation, index, "be undone")),
    }
    in_turn(
        operation,
        index,
        next_undo(operation).map(|step| step.name.as_str()),
    )?;
    let step = &mut operation.steps[index];
    step.state = StepState::UndoStarted;
    step.undo_attempt = step.undo_attempt.saturating_add(1);
    step.finished_at = None;
    operation.next_run_at = at;
    Ok(())
}

pub(super) fn undo_done(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
) -> Result<(), Refused> {
    let index = undoing(operation, name)?;
    let step = &mut operation.steps[index];
    step.state = StepState::Undone;
    step.finished_at = Some(at);
    operation.next_run_at = at;
    Ok(())
}

pub(super) fn undo_failed(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
    failure: &Failure,
    retry_at: Option<Timestamp>,
) -> Result<(), Refused> {
    let index = undoing(operation, name)?;
    let step = &mut operation.steps[index];
    step.error = Some(failure.clone());
    step.finished_at = Some(at);
    if let Some(retry_at) = retry_at {
        operation.next_run_at = retry_at;
    } else {
        operation.state = Op::NeedsAttention;
        operation.next_run_at = at;
        // A cancelled operation has no failure of its own; this one is why it needs attention.
        operation.error.get_or_insert_with(|| failure.clone());
    }
    Ok(())
}

/// The step, if its undo has begun.
fn undoing(operation: &Operation, name: &str) -> Result<usize, Refused> {
    let index = index(operation, name)?;
    match (operation.state, operation.steps[index].state) {
        (Op::Compensating, StepState::UndoStarted) => Ok(index),
        (
            Op::Compensating,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::Undone,
        )
        | (
            Op::Pending
            | Op::Running
            | Op::NeedsAttention
            | Op::Succeeded
            | Op::RolledBack
            | Op::Abandoned,
            StepState::Todo
            | StepState::Started
            | StepState::Done
            | StepState::Failed
            | StepState::UndoStarted
            | StepState::Undone,
        ) => Err(refused(operation, index, "end its undo")),
    }
}

fn in_turn(operation: &Operation, index: usize, due: Option<&str>) -> Result<(), Refused> {
    let name = operation.steps[index].name.as_str();
    match due {
        Some(due) if due == name => Ok(()),
        Some(due) => Err(Refused::new(format!(
            "it is not the turn of step '{name}' of operation {}: '{due}' comes first",
            operation.id
        ))),
        None => Err(Refused::new(format!(
            "no step of operation {} is open",
            operation.id
        ))),
    }
}

fn refused(operation: &Operation, index: usize, verb: &str) -> Refused {
    let step = &operation.steps[index];
    Refused::new(format!(
        "step '{}' of operation {} cannot {verb}: the step is {} and the operation is {}",
        step.name,
        operation.id,
        step.state.as_str(),
        operation.state.as_str()
    ))
}
