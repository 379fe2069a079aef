//! Data out of a database and into a fresh one, by the server's own programs, as SQL.
//!
//! The programs run as users that are made for the call. One that dumps may read the instance's database; one that
//! loads has all rights on the fresh database, `..._fresh`, and none on any other, the live one of the same instance
//! included. What is at work for an instance is in rows of ours (see `record.rs`), so that it is known as ours.
//!
//! These servers cannot rename a database. Tables move to another one in a single statement, all or none of them; what
//! is no table cannot move at all. So when a database is filled, its views, triggers, routines and events are written
//! down, and made again in the live database once its tables are there. In between the instance's users are locked out:
//! they see the old data whole or the new whole. Who loaded the data is the definer of what is made again, and is kept
//! for that, locked and without a password, as a revoked binding's user is.

mod back_up;
mod contract;
mod dump;
mod filled;
mod leftovers;
mod limits;
mod names;
mod objects;
mod record;
mod restore;
mod swap;
mod tool;

pub(super) use leftovers::clear;
pub(super) use record::TABLES;
