//! Where faults happen, and which.

use std::fmt;

use crate::event::Event;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mark {
    /// `StepStarted`
    Started(String),
    /// `StepDone`
    Done(String),
    /// `StepFailed`
    Failed(String),
    /// `UndoStarted`
    UndoStarted(String),
    /// `UndoDone`
    UndoDone(String),
    /// `UndoFailed`
    UndoFailed(String),
    /// `AttentionNeeded`
    Attention,
    /// `Finished`
    Finished,
}

impl Mark {
    /// The mark of an event; none for what the runner does not write, or writes as best it can.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::StepStarted { step } => Some(Self::Started(step.clone())),
            Event::StepDone { step, .. } => Some(Self::Done(step.clone())),
            Event::StepFailed { step, .. } => Some(Self::Failed(step.clone())),
            Event::UndoStarted { step } => Some(Self::UndoStarted(step.clone())),
            Event::UndoDone { step } => Some(Self::UndoDone(step.clone())),
            Event::UndoFailed { step, .. } => Some(Self::UndoFailed(step.clone())),
            Event::AttentionNeeded { .. } => Some(Self::Attention),
            Event::Finished { .. } => Some(Self::Finished),
            Event::CancelRequested { .. }
            | Event::RetryRequested { .. }
            | Event::StepSkipped { .. }
            | Event::Abandoned { .. }
            | Event::Progress { .. } => None,
        }
    }
}

/// A point that the runner passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hook {
    /// Just before a record is written.
    BeforeRecord(Mark),
    /// Just after it was written, before the runner knows.
    AfterRecord(Mark),
    /// `run` is called and has done nothing yet.
    RunEntered(String),
    /// `run` has had its effect and its result is not recorded.
    RunLeft(String),
    /// `undo` is called and has done nothing yet.
    UndoEntered(String),
    /// `undo` has had its effect and its result is not recorded.
    UndoLeft(String),
}

/// What goes wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The server dies; another one takes over the store.
    Crash,
    /// The server is stopped in an orderly way; another one starts.
    Stop,
    /// A user cancels.
    Cancel,
    /// The call is made twice.
    Twice,
    /// The store is away: before a record nothing is written, after it the answer is lost.
    StoreAway,
    /// The call fails and may be tried again. After its effect: the answer is lost.
    FailTransient,
    /// The call fails for good, and says truly whether it had its effect.
    FailPermanent,
}

impl Hook {
    /// What can go wrong there.
    pub fn actions(&self) -> &'static [Action] {
        use Action::{Cancel, Crash, FailPermanent, FailTransient, Stop, StoreAway, Twice};
        match self {
            Self::BeforeRecord(_) | Self::AfterRecord(_) => &[Crash, Stop, Cancel, StoreAway],
            Self::RunEntered(_) | Self::UndoEntered(_) => {
                &[Crash, Stop, Cancel, Twice, FailTransient, FailPermanent]
            }
            Self::RunLeft(_) => &[Crash, Stop, Cancel, FailTransient, FailPermanent],
            Self::UndoLeft(_) => &[Crash, Stop, Cancel, FailTransient],
        }
    }
}

/// One fault: what happens at the visit with this number (from 0) of any hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which visit.
    pub visit: usize,
    /// The hook that is expected there; for the reader.
    pub hook: Hook,
    /// What happens.
    pub action: Action,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} at {:?} (visit {})",
            self.action, self.hook, self.visit
        )
    }
}
