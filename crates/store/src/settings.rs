//! Where the store is.

use std::path::PathBuf;

/// Where the store is and what it keeps beside it.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The state directory; made with mode 0700 when it is not there.
    pub directory: PathBuf,
    /// The key file; `secret.key` in the state directory when not given. Keep a copy of it apart from the
    /// copies of the database: without it secrets cannot be read.
    pub key_file: Option<PathBuf>,
    /// The size of the file that is given up when the disk is full, so that what runs can be recorded.
    pub reserve_bytes: u64,
}

impl StoreSettings {
    /// Room for thousands of events.
    pub const RESERVE_BYTES: u64 = 16 * 1024 * 1024;

    /// The usual settings for a state directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            key_file: None,
            reserve_bytes: Self::RESERVE_BYTES,
        }
    }

    /// Where the key is.
    pub fn key_path(&self) -> PathBuf {
        self.key_file
            .clone()
            .unwrap_or_else(|| self.directory.join("secret.key"))
    }

    /// The key that secrets are being sealed under anew, until it is in the place of the one before.
    pub(crate) fn next_key_path(&self) -> PathBuf {
        self.key_path().with_added_extension("next")
    }

    pub(crate) fn database_path(&self) -> PathBuf {
        self.directory.join("windlass.db")
    }

    /// The write-ahead log and its index, beside the database.
    pub(crate) fn log_paths(&self) -> [PathBuf; 2] {
        ["windlass.db-wal", "windlass.db-shm"].map(|name| self.directory.join(name))
    }
}
