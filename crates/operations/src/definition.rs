//! What a kind of operation is: its steps and what they do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::operation::{Operation, Outcome};

/// One step of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSpec {
    /// Its name, unique in the operation.
    pub name: String,
    /// Whether it is the point of no return; at most one step is.
    pub pivot: bool,
    /// How long one attempt of `run` or `undo` may take.
    pub timeout: Duration,
    /// How many attempts of `run` are made, the first included. Behind the pivot, and on the pivot while its
    /// outcome is unknown, at least as many as the runner's `RetryPolicy` says; then `NEEDS_ATTENTION`.
    pub attempts: u32,
}

impl StepSpec {
    /// A step before or behind the pivot.
    pub fn new(name: impl Into<String>, timeout: Duration, attempts: u32) -> Self {
        Self {
            name: name.into(),
            pivot: false,
            timeout,
            attempts,
        }
    }

    /// The same as the pivot.
    pub fn pivot(mut self) -> Self {
        self.pivot = true;
        self
    }
}

/// What a step gave: an output for later steps, and changes that are committed with its end.
#[derive(Debug, Clone)]
pub struct Done<C> {
    /// Kept in the record, read by later steps. Never a secret.
    pub output: Option<Value>,
    /// Committed in the transaction that records the end of the step.
    pub changes: Vec<C>,
}

impl<C> Default for Done<C> {
    fn default() -> Self {
        Self {
            output: None,
            changes: Vec::new(),
        }
    }
}

impl<C> Done<C> {
    /// Changes without an output.
    pub fn changes(changes: Vec<C>) -> Self {
        Self {
            output: None,
            changes,
        }
    }

    /// The same with an output.
    pub fn with_output(mut self, output: Value) -> Self {
        self.output = Some(output);
        self
    }
}

/// Takes a line for those who follow the operation. Lines are best effort and change no state.
pub trait ProgressSink: Send + Sync {
    /// One line, without secrets.
    fn line(&self, step: &str, message: &str);
}

/// What a step is given.
#[derive(Clone)]
pub struct StepContext {
    /// The operation as it was when the step began (this attempt included).
    pub operation: Operation,
    /// The step's name.
    pub step: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Fires when the operation is cancelled, the lease is lost, the time-out is near or the server stops.
    /// The step may then return early; its effect counts as unknown.
    pub cancel: CancellationToken,
    /// Where progress goes.
    pub progress: Arc<dyn ProgressSink>,
}

impl StepContext {
    /// The output of an earlier step.
    pub fn output(&self, step: &str) -> Option<&Value> {
        self.operation
            .step(step)
            .and_then(|record| record.output.as_ref())
    }

    /// Whether this step's `run` had completed; for `undo`.
    pub fn had_completed(&self) -> bool {
        self.operation
            .step(&self.step)
            .is_some_and(|record| record.completed)
    }

    /// Says something to those who follow the operation.
    pub fn say(&self, message: impl AsRef<str>) {
        self.progress.line(&self.step, message.as_ref());
    }
}

/// A kind of operation. `C` is the store's change of domain rows.
///
/// Contract: `run` and `undo` are idempotent; outside things are named from the operation and the step, so
/// that a repeated call finds its own work; `undo` accepts that there is nothing to undo.
#[async_trait]
pub trait Definition<C>: Send + Sync + 'static {
    /// The kind, stable for good.
    fn kind(&self) -> &'static str;

    /// Raised when the list of steps or their meaning changes.
    fn version(&self) -> u32;

    /// The steps for this input. Called at creation and again at each resume; the same input gives the
    /// same list.
    fn steps(&self, params: &Value) -> Vec<StepSpec>;

    /// Does the step, or finds that it is done.
    ///
    /// On the pivot, a failure with `Effect::None` and `Retry::No` speaks for all attempts: the step looked
    /// and its work is not there. Only then, or when no attempt may have had an effect, is a pivot rolled back.
    async fn run(&self, context: &StepContext) -> Result<Done<C>, Failure>;

    /// Takes the step back, or finds that there is nothing to take back.
    async fn undo(&self, context: &StepContext) -> Result<Done<C>, Failure>;

    /// The changes that are committed with the end of the operation.
    async fn finish(&self, operation: &Operation, outcome: &Outcome) -> Result<Vec<C>, Failure>;

    /// The changes that are committed when an operator abandons the operation: the rows say so, and
    /// what may be left over is in the record.
    async fn abandon(&self, operation: &Operation) -> Result<Vec<C>, Failure>;
}
