//! The events that users and operators cause: cancel, retry, skip, abandon.

use windlass_model::time::Timestamp;

use super::apply::Refused;
use super::direction::{Direction, current_step, direction, pivot};
use super::step::index;
use crate::operation::OperationState as Op;
use crate::operation::{Operation, StepState};

/// Before the pivot: goes back. While the pivot's outcome is unknown: noted, looked at when it is known.
/// Behind it: refused.
pub(super) fn cancel(operation: &mut Operation, at: Timestamp, by: &str) -> Result<(), Refused> {
    let id = operation.id;
    let goes_back = match (operation.state, pivot(operation).map(|step| step.state)) {
        (Op::Pending | Op::Running, None | Some(StepState::Todo)) => true,
        (Op::Pending | Op::Running, Some(StepState::Started)) => false,
        (Op::Pending | Op::Running | Op::NeedsAttention, Some(StepState::Done)) => {
            return Err(Refused::new(format!(
                "operation {id} is past the point of no return; it will be finished. To go back, start a \
                 rollback when it has ended"
            )));
        }
        // It needs attention before its pivot: an unknown kind or version.
        (Op::NeedsAttention, None | Some(StepState::Todo))
            if direction(operation) == Direction::Forward =>
        {
            true
        }
        (Op::NeedsAttention, Some(StepState::Started | StepState::Failed))
            if direction(operation) == Direction::Forward =>
        {
            return Err(Refused::new(format!(
                "whether operation {id} has passed the point of no return is unknown; retry it, or skip the step \
                 or abandon the operation after looking by hand"
            )));
        }
        (
            Op::NeedsAttention,
            None
            | Some(
                StepState::Todo
                | StepState::Started
                | StepState::Failed
                | StepState::UndoStarted
                | StepState::Undone,
            ),
        ) => {
            return Err(Refused::new(format!(
                "operation {id} was being rolled back already and needs attention: retry it, skip the step, or \
                 abandon it"
            )));
        }
        (
            Op::Compensating,
            None
            | Some(
                StepState::Todo
                | StepState::Started
                | StepState::Done
                | StepState::Failed
                | StepState::UndoStarted
                | StepState::Undone,
            ),
        )
        | (
            Op::Pending | Op::Running,
            Some(StepState::Failed | StepState::UndoStarted | StepState::Undone),
        ) => {
            return Err(Refused::new(format!(
                "operation {id} is being rolled back already"
            )));
        }
        (
            Op::Succeeded | Op::RolledBack | Op::Abandoned,
            None
            | Some(
                StepState::Todo
                | StepState::Started
                | StepState::Done
                | StepState::Failed
                | StepState::UndoStarted
                | StepState::Undone,
            ),
        ) => {
            return Err(Refused::new(format!(
                "operation {id} has ended: it is {}",
                operation.state.as_str()
            )));
        }
    };
    operation.cancel_requested_at.get_or_insert(at);
    operation.cancel_by.get_or_insert_with(|| by.to_owned());
    if goes_back {
        operation.state = Op::Compensating;
        operation.next_run_at = at;
        // The reason of the rollback is the cancel.
        operation.error = None;
    }
    Ok(())
}

/// Goes on where it stopped, with a fresh budget.
pub(super) fn retry(operation: &mut Operation, at: Timestamp) -> Result<(), Refused> {
    needs_attention(operation, "retry")?;
    let way = direction(operation);
    let name = current_step(operation).map(|step| step.name.clone());
    if let Some(name) = name {
        let index = index(operation, &name)?;
        let step = &mut operation.steps[index];
        match way {
            Direction::Forward => {
                step.attempt = 0;
                if step.state == StepState::Failed {
                    step.state = StepState::Started;
                }
            }
            Direction::Back => step.undo_attempt = 0,
        }
    }
    resume(operation, at, way);
    Ok(())
}

/// The failing step counts as dealt with by hand: done without output on the way forward (later steps
/// find no output of it), undone on the way back. Only the step that the operation is at can be skipped.
pub(super) fn skip(
    operation: &mut Operation,
    at: Timestamp,
    name: &str,
    reason: &str,
) -> Result<(), Refused> {
    needs_attention(operation, "skip a step of")?;
    with_reason(reason, "skipping a step")?;
    let index = index(operation, name)?;
    let way = direction(operation);
    let current = current_step(operation).map(|step| step.name.as_str());
    if current != Some(name) {
        return Err(Refused::new(match current {
            Some(current) => format!(
                "operation {} is at step '{current}'; only that one can be skipped",
                operation.id
            ),
            None => format!(
                "no step of operation {} is open; retry or abandon the operation",
                operation.id
            ),
        }));
    }
    let step = &mut operation.steps[index];
    step.state = match way {
        Direction::Forward => StepState::Done,
        Direction::Back => StepState::Undone,
    };
    step.finished_at = Some(at);
    resume(operation, at, way);
    Ok(())
}

/// Ends it. What is left over is in the record.
pub(super) fn abandon(
    operation: &mut Operation,
    at: Timestamp,
    reason: &str,
) -> Result<(), Refused> {
    needs_attention(operation, "abandon")?;
    with_reason(reason, "abandoning an operation")?;
    operation.state = Op::Abandoned;
    operation.abandon_reason = Some(reason.trim().to_owned());
    operation.finished_at = Some(at);
    Ok(())
}

fn resume(operation: &mut Operation, at: Timestamp, way: Direction) {
    operation.next_run_at = at;
    operation.state = match way {
        Direction::Back => {
            if operation.cancel_requested_at.is_some() {
                operation.error = None;
            }
            Op::Compensating
        }
        Direction::Forward => {
            operation.error = None;
            let untouched = operation
                .steps
                .iter()
                .all(|step| step.state == StepState::Todo);
            if untouched { Op::Pending } else { Op::Running }
        }
    };
}

fn needs_attention(operation: &Operation, verb: &str) -> Result<(), Refused> {
    let id = operation.id;
    match operation.state {
        Op::NeedsAttention => Ok(()),
        Op::Pending | Op::Running | Op::Compensating => Err(Refused::new(format!(
            "cannot {verb} operation {id}: it is {} and goes on by itself",
            operation.state.as_str()
        ))),
        Op::Succeeded | Op::RolledBack | Op::Abandoned => Err(Refused::new(format!(
            "cannot {verb} operation {id}: it has ended, it is {}",
            operation.state.as_str()
        ))),
    }
}

fn with_reason(reason: &str, what: &str) -> Result<(), Refused> {
    if reason.trim().is_empty() {
        return Err(Refused::new(format!("{what} needs a reason")));
    }
    Ok(())
}
