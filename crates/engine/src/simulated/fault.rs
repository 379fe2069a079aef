//! Faults: what goes wrong, in which call.

use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// The calls of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are named as the calls are")]
pub enum Method {
    Ping,
    EnsureNetwork,
    RemoveNetwork,
    Networks,
    EnsureVolume,
    RemoveVolume,
    Volumes,
    Ensure,
    Remove,
    Stop,
    Connect,
    Disconnect,
    Observe,
    Inspect,
    Watch,
    Logs,
    Exec,
    Run,
    Pipe,
    Usage,
    Build,
    Image,
    Pull,
    ExposedPorts,
    BuildTriggers,
    Tag,
    RemoveImage,
}

impl Method {
    /// Every call.
    pub const ALL: [Self; 27] = [
        Self::Ping,
        Self::EnsureNetwork,
        Self::RemoveNetwork,
        Self::Networks,
        Self::EnsureVolume,
        Self::RemoveVolume,
        Self::Volumes,
        Self::Ensure,
        Self::Remove,
        Self::Stop,
        Self::Connect,
        Self::Disconnect,
        Self::Observe,
        Self::Inspect,
        Self::Watch,
        Self::Logs,
        Self::Exec,
        Self::Run,
        Self::Pipe,
        Self::Usage,
        Self::Build,
        Self::Image,
        Self::Pull,
        Self::ExposedPorts,
        Self::BuildTriggers,
        Self::Tag,
        Self::RemoveImage,
    ];
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The error that a fault gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// [`Error::Unreachable`].
    Unreachable,
    /// [`Error::NoAnswer`].
    NoAnswer,
    /// [`Error::Failed`].
    Failed,
    /// [`Error::Refused`].
    Refused,
    /// [`Error::DiskFull`].
    DiskFull,
    /// [`Error::Disturbed`].
    Disturbed,
}

impl Failure {
    pub(super) fn error(self, doing: String) -> Error {
        let reason = "a planned fault of the simulated engine".to_owned();
        match self {
            Self::Unreachable => Error::Unreachable { doing, reason },
            Self::NoAnswer => Error::NoAnswer {
                doing,
                after: Duration::from_secs(30),
            },
            Self::Failed => Error::Failed { doing, reason },
            Self::Refused => Error::Refused { doing, reason },
            Self::DiskFull => Error::DiskFull { doing },
            Self::Disturbed => Error::Disturbed { doing, reason },
        }
    }
}

/// What goes wrong in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and did nothing.
    Before(Failure),
    /// It does its work and fails: with [`Failure::NoAnswer`], a lost answer.
    After(Failure),
    /// It does nothing until [`poke`](super::SimulatedEngine::poke), then goes on; or its future is dropped.
    HangBefore,
    /// It does its work and gives its answer only after [`poke`](super::SimulatedEngine::poke).
    HangAfter,
    /// It does its work and gives its answer after this time (tokio's, so virtual under a paused clock).
    Late(Duration),
}

/// A fault in waiting.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) method: Method,
    /// Only calls whose object's name contains this.
    pub(super) name: Option<String>,
    /// Calls that pass before it strikes.
    pub(super) skip: u32,
    pub(super) fault: Fault,
}

/// The fault of this call, if one was planned.
pub(super) fn take_planned(plans: &mut Vec<Plan>, method: Method, name: &str) -> Option<Fault> {
    let position = plans.iter_mut().position(|plan| {
        let hit =
            plan.method == method && plan.name.as_deref().is_none_or(|part| name.contains(part));
        if hit && plan.skip > 0 {
            plan.skip -= 1;
            return false;
        }
        hit
    })?;
    Some(plans.remove(position).fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_strike_once_in_their_turn() {
        let plan = |name: Option<&str>, skip, fault| Plan {
            method: Method::Stop,
            name: name.map(str::to_owned),
            skip,
            fault,
        };
        let mut plans = vec![
            plan(Some("web"), 1, Fault::HangBefore),
            plan(None, 0, Fault::Before(Failure::Failed)),
        ];
        assert_eq!(take_planned(&mut plans, Method::Ping, "web-1"), None);
        assert_eq!(
            take_planned(&mut plans, Method::Stop, "web-1"),
            Some(Fault::Before(Failure::Failed))
        );
        assert_eq!(take_planned(&mut plans, Method::Stop, "other"), None);
        assert_eq!(
            take_planned(&mut plans, Method::Stop, "web-1"),
            Some(Fault::HangBefore)
        );
        assert!(plans.is_empty());
    }
}
