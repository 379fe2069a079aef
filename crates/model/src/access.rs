//! Who may do what: roles, levels of tokens, and the one decision over both.
//!
//! What a caller may see at all (its organisations, its token's scope) is decided on loaded objects by the platform;
//! here it is only decided what somebody may do who may see the object.

mod action;
mod decision;
mod level;
mod role;

pub use action::{Action, Needs};
pub use decision::{Decision, Reason, Standing, decide};
pub use level::Level;
pub use role::Role;

/// A text that names no role, or no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no {what}; there is {known}")]
pub struct Unknown {
    what: &'static str,
    given: String,
    known: String,
}

impl Unknown {
    fn new(what: &'static str, given: &str, known: &[&str]) -> Self {
        Self {
            what,
            given: given.chars().take(32).collect(),
            known: known.join(", "),
        }
    }
}
