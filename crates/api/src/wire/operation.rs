//! Operations and their events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_operations::{Event, EventRecord, Failure, Operation, Outcome, StepRecord};

use super::time;

/// A durable operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub(crate) struct OperationItem {
    uuid: String,
    /// `deployment`, `provisioning`, `removal`, ...
    kind: String,
    /// `pending`, `running`, `compensating`, `succeeded`, `rolled_back`, `needs_attention`, `abandoned`.
    state: &'static str,
    subject: SubjectItem,
    steps: Vec<Step>,
    #[schema(required)]
    error: Option<FailureItem>,
    #[schema(required)]
    cancel_requested_at: Option<String>,
    created_at: String,
    #[schema(required)]
    finished_at: Option<String>,
    actor: String,
    #[schema(required)]
    abandon_reason: Option<String>,
}

/// What an operation is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subject)]
pub(crate) struct SubjectItem {
    kind: String,
    id: String,
}

/// A step of an operation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    name: String,
    /// `todo`, `started`, `done`, `failed`, `undo_started`, `undone`.
    state: &'static str,
    attempt: u32,
    /// Whether it is the point of no return.
    pivot: bool,
    #[schema(required)]
    error: Option<FailureItem>,
    #[schema(required)]
    started_at: Option<String>,
    #[schema(required)]
    finished_at: Option<String>,
}

/// Why something failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureItem {
    /// A stable code for programs.
    code: String,
    /// What happened, to what, and why.
    message: String,
    /// What to do next.
    #[schema(required)]
    hint: Option<String>,
}

impl From<Failure> for FailureItem {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
        }
    }
}

impl From<StepRecord> for Step {
    fn from(step: StepRecord) -> Self {
        Self {
            name: step.name,
            state: step.state.as_str(),
            attempt: step.attempt,
            pivot: step.pivot,
            error: step.error.map(Into::into),
            started_at: step.started_at.map(time),
            finished_at: step.finished_at.map(time),
        }
    }
}

impl From<Operation> for OperationItem {
    fn from(operation: Operation) -> Self {
        Self {
            uuid: operation.id.to_string(),
            kind: operation.kind,
            state: operation.state.as_str(),
            subject: SubjectItem {
                kind: operation.subject.kind,
                id: operation.subject.id,
            },
            steps: operation.steps.into_iter().map(Into::into).collect(),
            error: operation.error.map(Into::into),
            cancel_requested_at: operation.cancel_requested_at.map(time),
            created_at: time(operation.created_at),
            finished_at: operation.finished_at.map(time),
            actor: operation.actor,
            abandon_reason: operation.abandon_reason,
        }
    }
}

/// An event of an operation; what does not belong to its kind is left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventItem {
    /// Its number in the operation, from 1.
    pub(crate) number: u64,
    at: String,
    /// `step_started`, `step_done`, `step_failed`, `undo_started`, `undo_done`, `undo_failed`,
    /// `cancel_requested`, `attention_needed`, `retry_requested`, `step_skipped`, `abandoned`, `progress`,
    /// `finished`.
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FailureItem>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `succeeded` or `rolled_back`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
}

impl From<EventRecord> for EventItem {
    fn from(record: EventRecord) -> Self {
        let base = Self {
            number: record.number,
            at: time(record.at),
            ..Self::default()
        };
        match record.event {
            Event::StepStarted { step } => Self {
                kind: "step_started",
                step: Some(step),
                ..base
            },
            Event::StepDone { step, .. } => Self {
                kind: "step_done",
                step: Some(step),
                ..base
            },
            Event::StepFailed {
                step,
                failure,
                retry_at,
            } => {
                let retry_at = retry_at.map(time);
                Self {
                    kind: "step_failed",
                    step: Some(step),
                    error: Some(failure.into()),
                    retry_at,
                    ..base
                }
            }
            Event::UndoStarted { step } => Self {
                kind: "undo_started",
                step: Some(step),
                ..base
            },
            Event::UndoDone { step } => Self {
                kind: "undo_done",
                step: Some(step),
                ..base
            },
            Event::UndoFailed {
                step,
                failure,
                retry_at,
            } => {
                let retry_at = retry_at.map(time);
                Self {
                    kind: "undo_failed",
                    step: Some(step),
                    error: Some(failure.into()),
                    retry_at,
                    ..base
                }
            }
            Event::CancelRequested { by } => Self {
                kind: "cancel_requested",
                by: Some(by),
                ..base
            },
            Event::AttentionNeeded { failure } => Self {
                kind: "attention_needed",
                error: Some(failure.into()),
                ..base
            },
            Event::RetryRequested { by } => Self {
                kind: "retry_requested",
                by: Some(by),
                ..base
            },
            Event::StepSkipped { step, by, reason } => Self {
                kind: "step_skipped",
                step: Some(step),
                by: Some(by),
                reason: Some(reason),
                ..base
            },
            Event::Abandoned { by, reason } => Self {
                kind: "abandoned",
                by: Some(by),
                reason: Some(reason),
                ..base
            },
            Event::Progress { step, message } => Self {
                kind: "progress",
                step: Some(step),
                message: Some(message),
                ..base
            },
            Event::Finished {
                outcome: Outcome::Succeeded,
            } => Self {
                kind: "finished",
                outcome: Some("succeeded"),
                ..base
            },
            Event::Finished {
                outcome: Outcome::RolledBack(failure),
            } => {
                let error = failure.map(Into::into);
                Self {
                    kind: "finished",
                    outcome: Some("rolled_back"),
                    error,
                    ..base
                }
            }
        }
    }
}

/// The step that was dealt with by hand.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SkipStep {
    pub(crate) step: String,
    /// Kept in the record.
    pub(crate) reason: String,
}

/// Why an operation is given up.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Abandon {
    /// Kept in the record.
    pub(crate) reason: String,
}
