//! What is waited for, and how long at most.

use crate::step::Step;

/// TCP, the first words and the password, which costs both sides thousands of hashes.
pub(super) const CONNECT: Step = Step::new("connecting", 10);
/// Reads of users, settings and statistics.
pub(super) const LOOK: Step = Step::new("looking at users and settings", 10);
/// Users are few, and written with their way to the disk.
pub(super) const USERS: Step = Step::new("setting users", 20);
/// Ending what sessions have at work waits for the next point at which that can be ended.
pub(super) const SESSIONS: Step = Step::new("ending sessions", 20);
/// Every collection's file is removed, and dropping waits for operations that are at work in the database.
pub(super) const DROP: Step = Step::new("destroying the database", 120);
/// A write that applications need not see.
pub(super) const PROBE: Step = Step::new("writing to the database", 20);
/// Adds up what every collection says of itself.
pub(super) const MEASURE: Step = Step::new("measuring the database", 30);
