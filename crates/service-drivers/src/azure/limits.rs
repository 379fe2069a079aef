//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// The version of the service's protocol that is spoken, and of the signatures: the service keeps every one that it ever
/// had.
pub(super) const VERSION: &str = "2025-07-05";

/// A row of the service's own tables, somewhere in the world.
pub(super) const LOOK: Step = Step::new("looking at containers", 30);
pub(super) const CREATE: Step = Step::new("making the container", 30);
pub(super) const RIGHTS: Step = Step::new("setting the container's access policies", 30);
/// A page of a thousand names with their properties.
pub(super) const LIST: Step = Step::new("listing blobs", 60);
/// The service answers at once and clears up behind its answer.
pub(super) const DELETE: Step = Step::new("deleting the container", 60);

/// The time between two looks at something that takes a while on the service's side.
pub(super) const POLL: Duration = Duration::from_millis(200);
/// A deleted container's name is reserved for at least 30 s, and as long as its blobs are being cleared up.
pub(super) const CLEARED_UP: Duration = Duration::from_mins(2);
/// A policy that is set or taken away holds within 30 s.
pub(super) const POLICY_HOLDS: Duration = Duration::from_mins(1);
/// Long enough to read and write a small document; the shortest that the service gives.
pub(super) const LEASE_SECONDS: u32 = 15;
/// Several of those who hold the lease, one of whom has died with it.
pub(super) const LEASE_FREE: Duration = Duration::from_mins(1);
/// A write is refused when the lease has ended before it.
pub(super) const MOST_ROUNDS: u32 = 5;

/// Stored access policies of a container: the service's own limit.
pub(super) const MOST_POLICIES: usize = 5;
/// Read, add, create, write, delete, list: blobs and nothing of the container itself.
pub(super) const PERMISSIONS: &str = "racwdl";
/// The end of time, for a binding holds until it is revoked.
pub(super) const EXPIRY: &str = "9999-12-31T23:59:59Z";

/// Names that are asked for at once: a page of the longest that there are is smaller than what is read of an answer.
pub(super) const PAGE: &str = "1000";
/// Pages of blobs that are added up: 200,000 blobs, some 20 s. Beyond that only the service's own metrics tell.
pub(super) const MOST_PAGES: u32 = 200;
