//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// Rows of the catalogues.
pub(super) const ROLES: Step = Step::new("making a role for the copy", 20);
/// Two rows of a catalogue, once nobody is inside; the server itself waits for five seconds.
pub(super) const RENAME: Step = Step::new("swapping the databases", 30);
/// How long sessions may take to end before the swap is given up: it is closed to applications meanwhile.
pub(super) const CLOSED: Duration = Duration::from_secs(20);
/// How long a dump waits for tables that somebody has locked; for the program's own words.
pub(super) const LOCKED_TABLES: &str = "--lock-wait-timeout=120s";
/// Connections that a dump may have beyond the instance's limit, all of which may be taken.
pub(super) const RESERVED: u32 = 2;
/// Connections of what loads a dump: one, and one that is on its way out.
pub(super) const LOADING: u32 = 3;
