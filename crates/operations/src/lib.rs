//! Durable operations: work that survives a crash of the server at any moment.
//!
//! An operation is a fixed list of steps, each with a `run` and an `undo`, at most one of them the pivot.
//! [`core`] holds the pure decisions, [`runner`] the thin shell around them, [`store`] the contract that
//! a store fulfils. Every state change is one transaction: operation, step, event and the domain rows
//! that the step changes, fenced by the operation's epoch.

pub mod clock;
pub mod core;
pub mod definition;
pub mod event;
pub mod failure;
#[cfg(feature = "testing")]
pub mod memory;
pub mod operation;
pub mod runner;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use clock::{Clock, SystemClock};
pub use definition::{Definition, Done, StepContext, StepSpec};
pub use event::{Event, EventRecord};
pub use failure::{Effect, Failure, Retry};
pub use operation::{
    NewOperation, Operation, OperationState, Outcome, StepRecord, StepState, Subject,
};
pub use runner::{CommandError, Runner, RunnerSettings, Submission, SubmitError, Subscription};
pub use store::{Created, Fence, OperationStore, StoreError};
