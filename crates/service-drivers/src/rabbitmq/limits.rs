//! What is waited for, how long at most, and what a tenant may have.

use std::time::Duration;

use crate::step::Step;

/// Reads of single objects and of lists: milliseconds, or seconds on a server that is busy.
pub(super) const LOOK: Step = Step::new("looking at virtual hosts and users", 15);
/// Starts the virtual host's message stores on every node, each of which syncs a directory.
pub(super) const CREATE: Step = Step::new("making the virtual host", 60);
/// Rows of the server's own small database.
pub(super) const RIGHTS: Step = Step::new("setting users, rights and limits", 20);
/// Deletes every queue before the virtual host itself.
pub(super) const DELETE: Step = Step::new("deleting the virtual host", 120);
/// The server says goodbye to each client and waits for its answer, or a while if there is none.
pub(super) const SESSIONS: Step = Step::new("ending the connections of a revoked user", 45);
/// Adds up what the statistics say about each queue.
pub(super) const SIZE: Step = Step::new("measuring the queues", 30);

/// How long clients have to answer a goodbye before they are cut off.
pub(super) const GOODBYE: Duration = Duration::from_millis(500);
/// Between two looks at something that is about to change.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Queues of one instance: an application that makes one a request and never deletes them would
/// otherwise take the memory of all.
pub(super) const MOST_QUEUES: u32 = 1_000;
/// Bytes of messages in one queue, after which the oldest go: a full disk stops every tenant's publishers.
pub(super) const MOST_BYTES_IN_A_QUEUE: u64 = 1024 * 1024 * 1024;
