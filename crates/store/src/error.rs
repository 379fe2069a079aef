//! Why a store does not open.

use std::io;
use std::path::PathBuf;

pub use crate::key::KeyFileError;

/// Why a store does not open. Nothing of what was there has been changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it.
    #[error(
        "another server{} runs on the state directory '{directory}'; stop that one first, or choose another directory",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The state directory.
        directory: PathBuf,
        /// The other server's process, if it said so.
        pid: Option<u32>,
    },
    /// The state directory or a file in it cannot be used.
    #[error(
        "cannot {action} '{path}'; check that it is there, that it is yours and that its disk has room"
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A store was here and its database is gone or empty.
    #[error(
        "there was a store in '{directory}' ('{trace}' shows it), but its database '{database}' {found}; Windlass does \
         not start empty in its place: put the database back from a backup, or move what is left of the old store away"
    )]
    DatabaseLost {
        /// The state directory.
        directory: PathBuf,
        /// What shows that there was a store.
        trace: PathBuf,
        /// The database.
        database: PathBuf,
        /// What is there instead.
        found: &'static str,
    },
    /// The database is damaged, or no database of Windlass.
    #[error("the database '{database}' is damaged: {detail}; put it back from a backup")]
    Damaged {
        /// The database.
        database: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A newer Windlass wrote it.
    #[error(
        "the database '{database}' has schema {found}, and this Windlass knows schemas up to {known}: a newer Windlass \
         wrote it; start that one, or a newer one"
    )]
    Newer {
        /// The database.
        database: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that this binary knows.
        known: i64,
    },
    /// The key file is not as it must be.
    #[error("the key file '{path}' of the store is not usable: {reason}")]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// Why not.
        reason: KeyFileError,
    },
    /// The key is another store's.
    #[error(
        "the key in '{path}' is not the one that this store's secrets are sealed under (the store's is {wanted}, this \
         is {found}); put the right key file back from its backup"
    )]
    WrongKey {
        /// The key file.
        path: PathBuf,
        /// The id of the store's key.
        wanted: String,
        /// The id of the key in the file.
        found: String,
    },
    /// SQLite could not open or bring up to date the database.
    #[error("the database '{database}' cannot be opened; nothing in it was changed")]
    Database {
        /// The database.
        database: PathBuf,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
}
