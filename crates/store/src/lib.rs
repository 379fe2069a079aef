//! The store on SQLite: rows, operations and sealed secrets in one file, by one process.
//!
//! One connection writes, each write in one `BEGIN IMMEDIATE` transaction; a few read, each call from one
//! snapshot. A lock on the state directory keeps other servers out. Whatever is not whole at the start is
//! refused with what to do about it, never replaced by something empty.

mod change;
mod connect;
mod cursor;
mod directory;
mod error;
mod fault;
mod inner;
mod key;
mod migration;
mod open;
mod operation;
mod query;
mod reserve;
mod rotation;
mod row;
mod settings;
mod store;

pub use error::{KeyFileError, OpenError};
pub use rotation::{Rotation, RotationError};
pub use settings::StoreSettings;

use inner::Inner;

/// The store on SQLite.
///
/// One per process and state directory. [`SqliteStore::close`] ends it in order; when it is dropped or
/// the process killed, nothing that was committed is lost either.
pub struct SqliteStore {
    inner: Inner,
}
