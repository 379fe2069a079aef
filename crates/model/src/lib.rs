//! Ids, names, states and the pure decisions of Windlass.
//!
//! Nothing in this crate reads a clock, a file, a socket or a source of randomness: everything that a
//! decision needs is passed in, so that every rule of the life cycle can be tested as a table.

pub mod backup;
pub mod id;
pub mod instance;
pub mod names;
pub mod percent;
pub mod profile;
pub mod time;
pub mod variables;
