//! Scripted faults.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::error::Error;
use crate::spec::Access;

/// A sort of call that can be scripted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `prepare`.
    Prepare,
    /// `provision`.
    Provision,
    /// `bind`.
    Bind,
    /// `unbind`.
    Unbind,
    /// `sessions`.
    Sessions,
    /// `check`.
    Check,
    /// `usage`.
    Usage,
    /// `set_public`.
    SetPublic,
    /// `back_up`.
    BackUp,
    /// `restore`.
    Restore,
    /// `swap`.
    Swap,
    /// `discard`.
    Discard,
    /// `destroy`.
    Destroy,
    /// `list`.
    List,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused and has no effect.
    Before(Refusal),
    /// It has half of its effect and fails.
    HalfWay,
    /// It has its effect and fails all the same.
    After,
    /// It has its effect and the answer is lost: [`Error::NoAnswer`].
    LostAnswer,
    /// It has no effect and never returns.
    Hang,
    /// It has its effect and never returns.
    HangAfter,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// [`Error::Unreachable`].
    Unreachable,
    /// [`Error::Unauthorized`].
    Unauthorized,
    /// [`Error::Unsupported`].
    Unsupported,
    /// [`Error::Full`].
    Full,
    /// [`Error::Failed`].
    Failed,
}

impl Refusal {
    pub(super) fn error(self, access: &Access, call: Call) -> Error {
        let (cluster, reason) = (access.description.clone(), "scripted".to_owned());
        match self {
            Self::Unreachable => Error::Unreachable { cluster, reason },
            Self::Unauthorized => Error::Unauthorized { cluster, reason },
            Self::Unsupported => Error::Unsupported { cluster, reason },
            Self::Full => Error::Full { cluster, reason },
            Self::Failed => Error::Failed {
                cluster,
                doing: doing(call),
                reason,
            },
        }
    }
}

/// The error of a call whose answer was lost.
pub(super) fn no_answer(access: &Access, call: Call) -> Error {
    Error::NoAnswer {
        cluster: access.description.clone(),
        doing: doing(call),
        after: Duration::from_secs(30),
    }
}

fn doing(call: Call) -> String {
    format!("{call:?}").to_lowercase()
}

/// The faults that are still to come.
#[derive(Default)]
pub(super) struct Script(BTreeMap<Call, VecDeque<Fault>>);

impl Script {
    pub(super) fn add(&mut self, call: Call, fault: Fault) {
        self.0.entry(call).or_default().push_back(fault);
    }

    pub(super) fn take(&mut self, call: Call) -> Option<Fault> {
        self.0.get_mut(&call)?.pop_front()
    }

    pub(super) fn left(&self) -> usize {
        self.0.values().map(VecDeque::len).sum()
    }
}
