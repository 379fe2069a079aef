//! The writes of operations, each in the caller's transaction.

mod claim;
mod create;
mod record;
mod trim;

pub(crate) use claim::{claim, heartbeat, next_due, release, take_over};
pub(crate) use create::create;
pub(crate) use record::record;
#[cfg(test)]
pub(crate) use trim::ENDED;
pub(crate) use trim::trim;
