//! What is waited for, how long at most, and what a tenant may have.

use std::time::Duration;

use crate::step::Step;

/// Rows of the server's own database; the administrator's token alone, which is kept as a slow hash, takes some
/// tens of milliseconds at each request, and more on a server that is busy.
pub(super) const LOOK: Step = Step::new("looking at buckets and keys", 15);
/// Assigns each of 256 partitions to the node.
pub(super) const LAYOUT: Step = Step::new("giving the server its layout", 30);
/// A few rows.
pub(super) const CREATE: Step = Step::new("making the bucket", 20);
/// The same.
pub(super) const RIGHTS: Step = Step::new("setting keys, rights and limits", 20);
/// Marks the uploads that were begun, a thousand at a time, for as many as there are.
pub(super) const UPLOADS: Step = Step::new("ending unfinished uploads", 120);
/// A page of a thousand names; deleted ones, which stay for a day, are passed over on the way.
pub(super) const LIST: Step = Step::new("listing objects", 60);
/// A thousand objects, each a few rows.
pub(super) const DELETE: Step = Step::new("deleting objects", 120);

/// How long the signature of a request to S3 holds: as long as it may take, and the clocks may be apart.
pub(super) const SIGNATURE: Duration = Duration::from_mins(15);
/// Uploads that were under way when their key was revoked may still end, and their objects come to light after
/// the bucket was emptied.
pub(super) const MOST_ROUNDS: u32 = 20;
/// Keys asked for at once.
pub(super) const PAGE: usize = 1000;

/// What a bucket may hold. The server refuses an object beyond it with HTTP 403; as it counts behind its
/// answers, what is written at the same moment can go a little beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quotas {
    pub(super) bytes: u64,
    pub(super) objects: u64,
}

impl Default for Quotas {
    /// A disk that is full stops every tenant, and each object is rows in the server's one database.
    fn default() -> Self {
        Self {
            bytes: 100 * 1024 * 1024 * 1024,
            objects: 5_000_000,
        }
    }
}

/// Days after which an upload in parts that was begun and never ended is given up: the parts count for no quota.
pub(super) const DAYS_OF_UPLOADS: u32 = 2;
/// Free bytes of the server's disk below which it counts as full.
pub(super) const SMALLEST_FREE: u64 = 256 * 1024 * 1024;
