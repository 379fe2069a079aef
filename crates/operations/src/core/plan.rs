//! What a failure leads to: another try, the way back, or an operator.

use std::time::Duration;

use windlass_model::time::Timestamp;

use super::direction::{past_pivot, pivot_did_not_happen};
use crate::definition::StepSpec;
use crate::event::Event;
use crate::failure::{Failure, Retry};
use crate::operation::{Operation, OperationState};

/// How often and how soon failed calls are tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest pause before the second attempt; doubles with each attempt.
    pub first: Duration,
    /// The longest pause before any attempt.
    pub max: Duration,
    /// Attempts behind the pivot before an operator is called, when the step does not ask for more.
    pub forward_attempts: u32,
    /// Attempts of an undo before an operator is called.
    pub undo_attempts: u32,
    /// Attempts behind the pivot or of an undo when the failure says that a retry is useless. More than one,
    /// because a driver may be wrong about that and an operator costs more than a few calls.
    pub permanent_attempts: u32,
}

impl Default for RetryPolicy {
    /// 30 attempts behind the pivot are about 25 minutes, 50 of an undo about 45: longer than the restart of
    /// a machine or of a database server, short enough that a person hears of it the same hour.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_mins(1),
            forward_attempts: 30,
            undo_attempts: 50,
            permanent_attempts: 5,
        }
    }
}

impl RetryPolicy {
    /// The pause after this many attempts, between half of the longest one and all of it.
    fn pause(&self, attempts: u32, retry: Retry, jitter: f64) -> i64 {
        let doublings = attempts.saturating_sub(1).min(30);
        let longest = self.first.saturating_mul(1 << doublings).min(self.max);
        let jittered = longest.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        let millis = i64::try_from(jittered.as_millis()).unwrap_or(i64::MAX);
        match retry {
            Retry::No => millis,
            Retry::AfterMillis(least) => millis.max(i64::try_from(least).unwrap_or(i64::MAX)),
        }
    }
}

/// The event that records this failure of the step's `run` or `undo`.
///
/// Before the pivot: tried again while the step's budget lasts and a retry is useful, then the way back.
/// Behind it, and on the pivot while its outcome is unknown: tried again in any case, then an operator.
/// An undo: tried again on a long budget, then an operator. `jitter` is between 0 and 1.
pub fn plan_failure(
    policy: &RetryPolicy,
    operation: &Operation,
    spec: &StepSpec,
    failure: Failure,
    now: Timestamp,
    jitter: f64,
) -> Event {
    let record = operation.step(&spec.name);
    let step = spec.name.clone();
    let within = |attempts: u32, budget: u32| {
        (attempts < budget).then(|| now.plus_millis(policy.pause(attempts, failure.retry, jitter)))
    };
    let patient = |budget: u32| match failure.retry {
        Retry::No => budget.min(policy.permanent_attempts),
        Retry::AfterMillis(_) => budget,
    };
    match operation.state {
        OperationState::Compensating => {
            // A forward step that ends while the operation goes back already is not tried again; `apply`
            // sees to that, whatever is planned here.
            let attempts = record.map_or(0, |record| record.undo_attempt);
            if attempts == 0 {
                return Event::StepFailed {
                    step,
                    failure,
                    retry_at: None,
                };
            }
            let retry_at = within(attempts, patient(policy.undo_attempts));
            Event::UndoFailed {
                step,
                failure,
                retry_at,
            }
        }
        OperationState::Pending
        | OperationState::Running
        | OperationState::NeedsAttention
        | OperationState::Succeeded
        | OperationState::RolledBack
        | OperationState::Abandoned => {
            let attempts = record.map_or(0, |record| record.attempt);
            let is_pivot = record.is_some_and(|record| record.pivot);
            let only_forward =
                past_pivot(operation) || (is_pivot && !pivot_did_not_happen(record, &failure));
            let budget = if only_forward {
                patient(spec.attempts.max(policy.forward_attempts))
            } else if operation.cancel_requested_at.is_some() || failure.retry == Retry::No {
                0
            } else {
                spec.attempts
            };
            let retry_at = within(attempts, budget);
            Event::StepFailed {
                step,
                failure,
                retry_at,
            }
        }
    }
}
