//! What is waited for, and how long at most.

use std::time::Duration;

use crate::step::Step;

/// A row of the service's own tables, somewhere in the world.
pub(super) const LOOK: Step = Step::new("looking at buckets and users", 30);
pub(super) const CREATE: Step = Step::new("making the bucket", 60);
pub(super) const RIGHTS: Step = Step::new("setting users, policies and keys", 30);
/// A page of a thousand names.
pub(super) const LIST: Step = Step::new("listing objects", 60);
/// A thousand objects.
pub(super) const DELETE: Step = Step::new("deleting objects", 120);

/// How long the signature of a request to S3 holds, in seconds: as long as it may take, and the clocks may be apart.
pub(super) const SIGNATURE_SECONDS: u64 = 900;
/// The time between two looks at something that takes a while on the service's side.
pub(super) const POLL: Duration = Duration::from_millis(200);
/// What is told to IAM is known everywhere in seconds, as its documentation says; and who asks too often is let in again.
pub(super) const SETTLES: Duration = Duration::from_mins(1);
/// Uploads that were under way when their key was revoked may still end after the bucket was emptied.
pub(super) const MOST_ROUNDS: u32 = 20;
/// Names that are asked for at once: the most that S3 and IAM give.
pub(super) const PAGE: &str = "1000";
/// Pages of objects that are added up: 200,000 versions of objects, some 20 s. Beyond that only the service's own
/// metrics tell.
pub(super) const MOST_PAGES: u32 = 200;
