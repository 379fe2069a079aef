//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// TCP, authentication and all: a healthy server takes milliseconds, and a retry is cheap.
pub(super) const CONNECT: Step = Step::new("connecting", 10);
/// Reads of the system's tables and of our own.
pub(super) const LOOK: Step = Step::new("looking at users and databases", 15);
/// Another call for the same instance may be making or dropping its database.
pub(super) const LOCK: Step = Step::new("waiting for an earlier call of the same sort", 90);
/// Users and rights are rows of the system's tables; also our own rows.
pub(super) const USERS: Step = Step::new("setting users and rights", 30);
/// A directory and a file.
pub(super) const CREATE: Step = Step::new("making the database", 30);
/// Waits for those who use its tables and unlinks every file.
pub(super) const DROP: Step = Step::new("dropping the database", 90);
/// A session looks for its end between rows; one that waits for the disk needs the disk.
pub(super) const SESSIONS: Step = Step::new("ending the sessions of a revoked user", 20);
/// Opens every table and view of the instance.
pub(super) const DEFINERS: Step = Step::new("looking for what a revoked user defined", 60);
/// Opens every table of the instance.
pub(super) const SIZE: Step = Step::new("measuring the database", 30);

/// How long a statement waits for a lock that others hold.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(15);
/// The same for the lock of an instance: shorter than [`LOCK`], so that the server says what it was.
pub(super) const TURN_AT_INSTANCE: Duration = Duration::from_secs(80);
/// When the server gives up a statement by itself, longer than any of the above: nobody waits for it any
/// more, but it may hold locks.
pub(super) const ABANDONED: Duration = Duration::from_mins(2);
/// Between two looks at something that is about to change.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);
