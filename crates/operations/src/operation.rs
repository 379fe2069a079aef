//! An operation and its steps, as the store keeps them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;

use crate::failure::Failure;

/// What an operation is about. Two active operations on one subject cannot exist: the store's unique
/// index refuses the second.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// `environment`, `service_instance`, ...
    pub kind: String,
    /// The id of the object, as text.
    pub id: String,
}

/// The state of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Created, no step has started.
    Pending,
    /// Going forward.
    Running,
    /// Undoing, in reverse order.
    Compensating,
    /// Ended: every step is done.
    Succeeded,
    /// Ended: nothing of it is left.
    RolledBack,
    /// Waits for an operator: an undo, or a step behind the pivot, keeps failing.
    NeedsAttention,
    /// Ended by an operator, with a reason; leftovers are listed in the record.
    Abandoned,
}

impl OperationState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Compensating,
        Self::Succeeded,
        Self::RolledBack,
        Self::NeedsAttention,
        Self::Abandoned,
    ];

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Compensating => "compensating",
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled_back",
            Self::NeedsAttention => "needs_attention",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether it has ended for good.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::RolledBack | Self::Abandoned)
    }
}

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Todo,
    /// Begun; its effect is unknown until it is done. Stays so between attempts.
    Started,
    /// Done.
    Done,
    /// Given up; it may have had an effect.
    Failed,
    /// Its undo has begun.
    UndoStarted,
    /// Nothing of it is left.
    Undone,
}

impl StepState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Todo,
        Self::Started,
        Self::Done,
        Self::Failed,
        Self::UndoStarted,
        Self::Undone,
    ];

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::UndoStarted => "undo_started",
            Self::Undone => "undone",
        }
    }
}

/// One step of an operation. The whole list is written when the operation is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its name, unique in the operation; `provision:DEFAULT` names a step with an argument.
    pub name: String,
    /// Whether it is the point of no return.
    pub pivot: bool,
    /// Its state.
    pub state: StepState,
    /// Attempts of `run` begun so far.
    pub attempt: u32,
    /// Attempts of `undo` begun so far.
    pub undo_attempt: u32,
    /// What `run` gave back; later steps and the undo read it. Never a secret.
    pub output: Option<Value>,
    /// The last failure of `run` or `undo`.
    pub error: Option<Failure>,
    /// Whether `run` had completed, which the undo of a half-done step needs to know.
    pub completed: bool,
    /// When it began first.
    pub started_at: Option<Timestamp>,
    /// When it was done, failed or undone.
    pub finished_at: Option<Timestamp>,
}

impl StepRecord {
    /// A step that has not begun.
    pub fn todo(name: impl Into<String>, pivot: bool) -> Self {
        Self {
            name: name.into(),
            pivot,
            state: StepState::Todo,
            attempt: 0,
            undo_attempt: 0,
            output: None,
            error: None,
            completed: false,
            started_at: None,
            finished_at: None,
        }
    }
}

/// An operation, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// The organisation it belongs to, as text.
    pub tenant: String,
    /// `deployment`, `provisioning`, `removal`, ...
    pub kind: String,
    /// The version of the definition that wrote the step list.
    pub kind_version: u32,
    /// What it is about.
    pub subject: Subject,
    /// Its input. Secrets are references.
    pub params: Value,
    /// Who asked for it.
    pub actor: String,
    /// The request that created it.
    pub request_id: String,
    /// The operation that it is part of.
    pub parent: Option<OperationId>,
    /// Where it stands.
    pub state: OperationState,
    /// The steps, in order.
    pub steps: Vec<StepRecord>,
    /// When someone asked to cancel it.
    pub cancel_requested_at: Option<Timestamp>,
    /// Who asked to cancel it.
    pub cancel_by: Option<String>,
    /// Not to be run before.
    pub next_run_at: Timestamp,
    /// The runner that holds the lease.
    pub owner: Option<String>,
    /// When the lease ends.
    pub lease_until: Timestamp,
    /// Raised by each claim; every write carries it.
    pub epoch: i64,
    /// Why it was rolled back or needs attention: the failure that began it.
    pub error: Option<Failure>,
    /// Why an operator abandoned it.
    pub abandon_reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Operation {
    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// An operation to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// The organisation it belongs to, as text.
    pub tenant: String,
    /// The kind of its definition.
    pub kind: String,
    /// The version of its definition.
    pub kind_version: u32,
    /// What it is about.
    pub subject: Subject,
    /// Its input. Secrets are references.
    pub params: Value,
    /// Who asked for it.
    pub actor: String,
    /// The request that created it.
    pub request_id: String,
    /// The operation that it is part of.
    pub parent: Option<OperationId>,
    /// The client's `Idempotency-Key` and the hash of its request.
    pub idempotency: Option<(String, String)>,
    /// The steps, all `Todo`.
    pub steps: Vec<StepRecord>,
    /// Now.
    pub created_at: Timestamp,
}

impl NewOperation {
    /// The operation as it is right after its creation: pending, due at once, without an owner.
    pub fn operation(&self) -> Operation {
        Operation {
            id: self.id,
            tenant: self.tenant.clone(),
            kind: self.kind.clone(),
            kind_version: self.kind_version,
            subject: self.subject.clone(),
            params: self.params.clone(),
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            parent: self.parent,
            state: OperationState::Pending,
            steps: self.steps.clone(),
            cancel_requested_at: None,
            cancel_by: None,
            next_run_at: self.created_at,
            owner: None,
            lease_until: self.created_at,
            epoch: 0,
            error: None,
            abandon_reason: None,
            created_at: self.created_at,
            updated_at: self.created_at,
            finished_at: None,
        }
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step is done.
    Succeeded,
    /// Nothing is left of it; the failure says why, none when it was cancelled.
    RolledBack(Option<Failure>),
}
