//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// Reads of single objects and of lists: milliseconds, or seconds on a server that is busy or just started.
pub(super) const LOOK: Step = Step::new("looking at roles, users and indices", 30);
/// The server writes one document and has every node read it again.
pub(super) const RIGHTS: Step = Step::new("setting roles and users", 45);
/// A change of the cluster's state for each index, and its files.
pub(super) const DELETE: Step = Step::new("deleting indices", 120);
/// Settings of the cluster.
pub(super) const SETTINGS: Step = Step::new("setting defaults of the cluster", 30);

/// How often a change is tried that another one, of another role or user, came before.
pub(super) const MOST_TRIES: u32 = 10;
/// Before such a try: another change takes a few hundred milliseconds.
pub(super) const TRY_AGAIN: Duration = Duration::from_millis(100);
/// How often indices are deleted that a request makes which was under way when its user was revoked.
pub(super) const MOST_ROUNDS: u32 = 20;
/// The longest list of names in one path; the server's limit for a whole line is 4,096 bytes.
pub(super) const PATH_BYTES: usize = 3_000;
