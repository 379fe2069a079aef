//! What comes next for an operation.

use windlass_model::time::Timestamp;

use super::direction::{next_forward, next_undo};
use crate::operation::{Operation, OperationState, Outcome};

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Run this step, for the first time or again.
    Run {
        /// Its name.
        step: String,
    },
    /// Undo this step, for the first time or again.
    Undo {
        /// Its name.
        step: String,
    },
    /// Nothing before this point in time: a retry is due then.
    Wait {
        /// When to look again.
        until: Timestamp,
    },
    /// Record the end.
    Finish {
        /// How it ends.
        outcome: Outcome,
    },
    /// Nothing, until someone from outside does something, if ever.
    Idle(Idle),
}

/// Why there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// It has ended.
    Finished,
    /// It waits for an operator.
    NeedsAttention,
}

/// Says what comes next.
pub fn decide(operation: &Operation, now: Timestamp) -> Next {
    match operation.state {
        OperationState::Succeeded | OperationState::RolledBack | OperationState::Abandoned => {
            Next::Idle(Idle::Finished)
        }
        OperationState::NeedsAttention => Next::Idle(Idle::NeedsAttention),
        OperationState::Pending | OperationState::Running | OperationState::Compensating
            if operation.next_run_at > now =>
        {
            Next::Wait {
                until: operation.next_run_at,
            }
        }
        OperationState::Pending | OperationState::Running => match next_forward(operation) {
            Some(step) => Next::Run {
                step: step.name.clone(),
            },
            None => Next::Finish {
                outcome: Outcome::Succeeded,
            },
        },
        OperationState::Compensating => match next_undo(operation) {
            Some(step) => Next::Undo {
                step: step.name.clone(),
            },
            None => Next::Finish {
                outcome: Outcome::RolledBack(operation.error.clone()),
            },
        },
    }
}
