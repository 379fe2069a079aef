//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// TCP, authentication and all: a healthy server takes milliseconds, and a retry is cheap.
pub(super) const CONNECT: Step = Step::new("connecting", 10);
/// Reads of the system catalogues.
pub(super) const LOOK: Step = Step::new("looking at roles and databases", 15);
/// Another call for the same instance may be making or dropping its database.
pub(super) const LOCK: Step = Step::new("waiting for an earlier call of the same sort", 90);
/// Roles and rights are rows of the catalogues.
pub(super) const ROLES: Step = Step::new("setting roles and rights", 20);
/// Writes a copy of template0, 7 MB: 50 ms at rest, seconds on a busy disk.
pub(super) const CREATE: Step = Step::new("making the database", 60);
/// Waits for a checkpoint and unlinks every file.
pub(super) const DROP: Step = Step::new("dropping the database", 60);
/// A backend looks for signals at least at every page; one in an uninterruptible write needs the disk.
pub(super) const SESSIONS: Step = Step::new("ending the sessions of a revoked user", 20);
/// Visits each object that the user owns, and waits for those who use it.
pub(super) const OWNED: Step = Step::new("handing over what a revoked user owns", 60);
/// Adds up the sizes of the database's files.
pub(super) const SIZE: Step = Step::new("measuring the database", 30);

/// How long a statement waits for a lock on a table or a role that others hold.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(15);
/// The same for the lock of an instance: shorter than [`LOCK`], so that the server says what it was.
pub(super) const TURN_AT_INSTANCE: Duration = Duration::from_secs(80);
/// When the server gives up a statement by itself, longer than any of the above: nobody waits for it any
/// more, but it may hold locks.
pub(super) const ABANDONED: Duration = Duration::from_mins(2);
/// Between two looks at something that is about to change.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);
