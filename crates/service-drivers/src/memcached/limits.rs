//! What is waited for, and how long at most.

use crate::step::Step;

/// TCP and the server's version: it answers within a millisecond.
pub(super) const CONNECT: Step = Step::new("connecting", 5);
/// Counters, and the list of connections.
pub(super) const LOOK: Step = Step::new("reading statistics", 5);
/// A write that nobody sees.
pub(super) const PROBE: Step = Step::new("writing to the server", 5);
/// Sets the time before which everything is stale.
pub(super) const FLUSH: Step = Step::new("destroying the data", 10);
