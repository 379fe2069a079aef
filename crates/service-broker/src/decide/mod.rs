//! What an answer means: pure, one place, one row of the specification's table after the other.

mod fetch;
mod poll;
mod request;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::failure::Failure;

pub(crate) use fetch::answered;
pub use fetch::{Unanswered, decide_fetch};
pub use poll::decide_poll;
pub use request::decide;

/// What is attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// An instance is made.
    Provision,
    /// A binding is made.
    Bind,
    /// An instance is changed.
    Update,
    /// An instance is deleted.
    Deprovision,
    /// A binding is deleted.
    Unbind,
}

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<T> {
    /// It is done.
    Success(T),
    /// The broker is at work: poll.
    InProgress {
        /// What it said when it accepted.
        answer: T,
        /// Its name for the operation, to be given back exactly.
        operation: Option<String>,
        /// How long it wants us to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing is decided: the same request again after a while.
    Retry(Failure),
    /// It failed.
    Failed(Failed),
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// Whether something may be left at the broker that must be deleted ("orphan mitigation").
    pub mitigate: bool,
    /// Whether the same request again is useful: a deletion that goes on until it is done.
    pub repeat: bool,
}

impl Attempt {
    /// Whether something new may be at the broker afterwards.
    pub fn creates(self) -> bool {
        matches!(self, Self::Provision | Self::Bind)
    }

    /// Whether something is to be gone afterwards.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Deprovision | Self::Unbind)
    }
}

/// A failure after which nothing is left and the same request would fail again.
fn rejected<T>(failure: Failure) -> Decision<T> {
    Decision::Failed(Failed {
        failure,
        mitigate: false,
        repeat: false,
    })
}

/// A failure with an effect that nobody knows: what was to be made is deleted, a deletion is repeated, and an
/// update is only reported.
fn unclear<T>(attempt: Attempt, failure: Failure) -> Decision<T> {
    Decision::Failed(Failed {
        failure,
        mitigate: attempt.creates(),
        repeat: attempt.deletes(),
    })
}
