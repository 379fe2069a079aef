//! What the harness says in the end.

use std::fmt;
use std::ops::AddAssign;

/// How many plays there were, and how they ended. All of them as they should.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Plays.
    pub plays: u64,
    /// Of these, ended in complete success.
    pub succeeded: u64,
    /// Of these, ended with a clean slate.
    pub rolled_back: u64,
    /// Of these, needed a retry by an operator on the way.
    pub with_operator: u64,
    /// Of these, where not every fault came to happen, because the play took another way than the one it
    /// was planned from. Zero for definitions without randomness.
    pub missed: u64,
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.plays += other.plays;
        self.succeeded += other.succeeded;
        self.rolled_back += other.rolled_back;
        self.with_operator += other.with_operator;
        self.missed += other.missed;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plays,
            succeeded,
            rolled_back,
            with_operator,
            missed,
        } = self;
        write!(
            f,
            "{plays} plays: {succeeded} succeeded, {rolled_back} rolled back, {with_operator} with an operator's \
             retry, {missed} missed"
        )
    }
}

/// A play that did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("with [{plan}]: {what}")]
pub struct Violation {
    /// The faults.
    pub plan: String,
    /// What was wrong.
    pub what: String,
}
