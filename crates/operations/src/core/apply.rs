//! How an event changes an operation. Every store writes what this gives, and nothing else.

use windlass_model::time::Timestamp;

use super::direction::{next_forward, next_undo};
use super::{command, step};
use crate::event::Event;
use crate::failure::Failure;
use crate::operation::{Operation, OperationState, Outcome};
use crate::store::StoreError;

/// The event does not apply in this state. The text is for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What was refused, why, and what to do instead.
    pub message: String,
}

impl Refused {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.message)
    }
}

/// Whether the event may be written without a lease: what users and operators ask for.
pub fn allowed_from_outside(event: &Event) -> bool {
    match event {
        Event::CancelRequested { .. }
        | Event::RetryRequested { .. }
        | Event::StepSkipped { .. }
        | Event::Abandoned { .. } => true,
        Event::StepStarted { .. }
        | Event::StepDone { .. }
        | Event::StepFailed { .. }
        | Event::UndoStarted { .. }
        | Event::UndoDone { .. }
        | Event::UndoFailed { .. }
        | Event::AttentionNeeded { .. }
        | Event::Progress { .. }
        | Event::Finished { .. } => false,
    }
}

/// The operation after the event, or why the event is refused.
///
/// Also ends the lease (`owner`, `lease_until`) when the operation then waits, needs attention or has
/// ended. The epoch is the store's: only a claim raises it.
pub fn apply(operation: &Operation, at: Timestamp, event: &Event) -> Result<Operation, Refused> {
    let mut next = operation.clone();
    match event {
        Event::StepStarted { step } => step::started(&mut next, at, step)?,
        Event::StepDone { step, output } => step::done(&mut next, at, step, output.as_ref())?,
        Event::StepFailed {
            step,
            failure,
            retry_at,
        } => step::failed(&mut next, at, step, failure, *retry_at)?,
        Event::UndoStarted { step } => step::undo_started(&mut next, at, step)?,
        Event::UndoDone { step } => step::undo_done(&mut next, at, step)?,
        Event::UndoFailed {
            step,
            failure,
            retry_at,
        } => {
            step::undo_failed(&mut next, at, step, failure, *retry_at)?;
        }
        Event::CancelRequested { by } => command::cancel(&mut next, at, by)?,
        Event::AttentionNeeded { failure } => attention(&mut next, failure)?,
        Event::RetryRequested { .. } => command::retry(&mut next, at)?,
        Event::StepSkipped { step, reason, .. } => command::skip(&mut next, at, step, reason)?,
        Event::Abandoned { reason, .. } => command::abandon(&mut next, at, reason)?,
        Event::Progress { step, .. } => {
            progress(&next, step)?;
            return Ok(next);
        }
        Event::Finished { outcome } => finished(&mut next, at, outcome)?,
    }
    next.updated_at = at;
    let rests = match next.state {
        OperationState::Pending | OperationState::Running | OperationState::Compensating => {
            next.next_run_at > at
        }
        OperationState::NeedsAttention
        | OperationState::Succeeded
        | OperationState::RolledBack
        | OperationState::Abandoned => true,
    };
    if rests {
        next.owner = None;
        next.lease_until = at;
    }
    Ok(next)
}

/// The runner cannot go on: an unknown kind, version or step, or an end that cannot be written.
fn attention(operation: &mut Operation, failure: &Failure) -> Result<(), Refused> {
    match operation.state {
        OperationState::Pending | OperationState::Running | OperationState::Compensating => {}
        OperationState::NeedsAttention
        | OperationState::Succeeded
        | OperationState::RolledBack
        | OperationState::Abandoned => return Err(not_at_work(operation)),
    }
    operation.state = OperationState::NeedsAttention;
    // The failure that began a rollback stays; the event holds this one too.
    operation.error.get_or_insert_with(|| failure.clone());
    Ok(())
}

fn progress(operation: &Operation, name: &str) -> Result<(), Refused> {
    step::index(operation, name)?;
    match operation.state {
        OperationState::Running | OperationState::Compensating => Ok(()),
        OperationState::Pending
        | OperationState::NeedsAttention
        | OperationState::Succeeded
        | OperationState::RolledBack
        | OperationState::Abandoned => Err(not_at_work(operation)),
    }
}

fn finished(operation: &mut Operation, at: Timestamp, outcome: &Outcome) -> Result<(), Refused> {
    let id = operation.id;
    let state = match (operation.state, outcome) {
        (OperationState::Pending | OperationState::Running, Outcome::Succeeded) => {
            if let Some(open) = next_forward(operation) {
                return Err(Refused::new(format!(
                    "operation {id} has not succeeded: step '{}' is open",
                    open.name
                )));
            }
            OperationState::Succeeded
        }
        (OperationState::Compensating, Outcome::RolledBack(_)) => {
            if let Some(left) = next_undo(operation) {
                return Err(Refused::new(format!(
                    "operation {id} is not rolled back: step '{}' has not been undone",
                    left.name
                )));
            }
            OperationState::RolledBack
        }
        (OperationState::Compensating, Outcome::Succeeded) => {
            return Err(Refused::new(format!(
                "operation {id} cannot succeed: it is being rolled back"
            )));
        }
        (OperationState::Pending | OperationState::Running, Outcome::RolledBack(_)) => {
            return Err(Refused::new(format!(
                "operation {id} is not being rolled back"
            )));
        }
        (
            OperationState::NeedsAttention
            | OperationState::Succeeded
            | OperationState::RolledBack
            | OperationState::Abandoned,
            Outcome::Succeeded | Outcome::RolledBack(_),
        ) => return Err(not_at_work(operation)),
    };
    operation.state = state;
    operation.finished_at = Some(at);
    Ok(())
}

fn not_at_work(operation: &Operation) -> Refused {
    Refused::new(format!(
        "operation {} is not at work: it is {}",
        operation.id,
        operation.state.as_str()
    ))
}
