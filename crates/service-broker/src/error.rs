//! What a call of the client comes back with when it failed.

use std::fmt;

use crate::failure::Failure;

/// A call that failed. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What was being done, for people.
    pub doing: &'static str,
    /// Why it failed.
    pub failure: Failure,
    /// What became of that which it may have left at the broker.
    pub removal: Removal,
}

/// What became of that which a failed attempt may have left at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// It left nothing.
    NotNeeded,
    /// It may have left something, or harmed what was there before; nothing was deleted, as the caller wished.
    Left,
    /// It is gone. Its id is spent: the specification forbids to use it again.
    Done,
    /// It may still be there: delete it. Its id is spent.
    Owed(String),
}

impl Error {
    pub(crate) fn new(doing: &'static str, failure: Failure) -> Self {
        Self {
            doing,
            failure,
            removal: Removal::NotNeeded,
        }
    }

    /// Whether something may be left at the broker that must be deleted by [`crate::Broker::deprovision`] or
    /// [`crate::Broker::unbind`] with the same id.
    pub fn is_removal_owed(&self) -> bool {
        matches!(self.removal, Removal::Owed(_))
    }

    /// Whether another attempt needs another id: this one was deleted, or is going to be.
    pub fn is_id_spent(&self) -> bool {
        matches!(self.removal, Removal::Done | Removal::Owed(_))
    }

    /// With each text as that function makes it.
    pub(crate) fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        self.failure = self.failure.map_text(&change);
        if let Removal::Owed(reason) = &mut self.removal {
            *reason = change(reason);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.doing, self.failure)?;
        match &self.removal {
            Removal::NotNeeded => Ok(()),
            Removal::Left => f.write_str("; nothing was removed, for it may be in use"),
            Removal::Done => f.write_str("; what it may have left was removed"),
            Removal::Owed(reason) => {
                write!(f, "; what it may have left must still be removed: {reason}")
            }
        }
    }
}

impl std::error::Error for Error {}
