//! The events that an operation is made of: append-only, and the only way in which its state changes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::time::Timestamp;

use crate::failure::Failure;
use crate::operation::Outcome;

/// One thing that happened to an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// `run` of the step begins, for the first time or again.
    StepStarted { step: String },
    /// `run` came back well.
    StepDone { step: String, output: Option<Value> },
    /// `run` failed; `retry_at` is set while its budget lasts and a retry is useful.
    StepFailed {
        step: String,
        failure: Failure,
        retry_at: Option<Timestamp>,
    },
    /// `undo` of the step begins.
    UndoStarted { step: String },
    /// `undo` came back well: nothing of the step is left.
    UndoDone { step: String },
    /// `undo` failed; without `retry_at` its budget is used up and the operation needs attention.
    UndoFailed {
        step: String,
        failure: Failure,
        retry_at: Option<Timestamp>,
    },
    /// Someone asked to cancel.
    CancelRequested { by: String },
    /// The operation was refused to run: an unknown kind, version or step (an older or newer binary).
    AttentionNeeded { failure: Failure },
    /// An operator asked for another try.
    RetryRequested { by: String },
    /// An operator declared the failing undo or forward step as dealt with by hand.
    StepSkipped {
        step: String,
        by: String,
        reason: String,
    },
    /// An operator gave the operation up.
    Abandoned { by: String, reason: String },
    /// A line for those who follow it, or several that came together, one below the other. Changes no state.
    Progress { step: String, message: String },
    /// The end.
    Finished { outcome: Outcome },
}

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its number in the operation, from 1 without gaps.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The epoch of the one who wrote it.
    pub epoch: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}
