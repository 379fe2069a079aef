//! What the store holds, and how its transactions begin and end.

use std::path::PathBuf;

use sqlx::{Sqlite, SqlitePool, Transaction};
use windlass_operations::StoreError;

use crate::SqliteStore;
use crate::directory::Directory;
use crate::fault::{self, Fault};
use crate::key::Vault;
use crate::reserve::Reserve;

/// The parts of a store. The lock is the last, so that it is given back after everything is closed.
pub(crate) struct Inner {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) vault: Vault,
    pub(crate) reserve: Reserve,
    pub(crate) directory: PathBuf,
    pub(crate) temporary: Option<tempfile::TempDir>,
    pub(crate) lock: Directory,
}

impl SqliteStore {
    /// Waits for what is under way, closes the store and gives the state directory back; calls after it
    /// are refused.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
        self.inner.lock.unlock();
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("directory", &self.inner.directory)
            .finish_non_exhaustive()
    }
}

/// When a write is safe from a loss of power. It is safe from the death of this process in any case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Durable {
    /// Once it is committed.
    Now,
    /// Once the next write that is `Now` is committed: for leases, which no other process may have after a
    /// loss of power, because the next start ends them all. Each write that waits for the disk is one that
    /// a user waits for.
    WithTheNext,
}

impl Durable {
    /// Begins a transaction. The connection is told each time, whatever it was told before.
    const fn begin(self) -> &'static str {
        match self {
            Self::Now => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            Self::WithTheNext => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
        }
    }
}

impl Inner {
    /// A transaction that writes; there is one at a time.
    pub(crate) async fn begin_write(
        &self,
        durable: Durable,
    ) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let begin = durable.begin();
        match self.writer.begin_with(begin).await {
            // The connection believes to be in a transaction that SQLite has ended by itself, as it does
            // when the disk is full. A new one takes its place.
            Err(sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed) => {
                let stuck = self
                    .writer
                    .acquire()
                    .await
                    .map_err(|error| self.seen(error.into()))?;
                drop(stuck.detach());
                self.writer
                    .begin_with(begin)
                    .await
                    .map_err(|error| self.seen(error.into()))
            }
            other => other.map_err(|error| self.seen(error.into())),
        }
    }

    /// Commits what went well, takes the rest back.
    pub(crate) async fn end_write<T>(
        &self,
        transaction: Transaction<'static, Sqlite>,
        result: Result<T, Fault>,
    ) -> Result<T, StoreError> {
        match result {
            Ok(value) => {
                transaction
                    .commit()
                    .await
                    .map_err(|error| self.seen(error.into()))?;
                self.reserve.take_again();
                Ok(value)
            }
            Err(fault) => {
                if let Err(error) = transaction.rollback().await {
                    // SQLite has ended the transaction by itself; the next write finds that out.
                    tracing::debug!(%error, "nothing to roll back");
                }
                Err(self.seen(fault))
            }
        }
    }

    /// A snapshot to read from.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.readers
            .begin()
            .await
            .map_err(|error| self.seen(error.into()))
    }

    /// The error that callers see.
    pub(crate) fn seen(&self, fault: Fault) -> StoreError {
        match fault {
            Fault::Store(error) => error,
            Fault::Sql(error) if fault::is_full(&error) => self.full(),
            Fault::Sql(error) => fault::unavailable(&error),
        }
    }

    fn full(&self) -> StoreError {
        let directory = self.directory.display();
        let message = if self.reserve.give_up() {
            format!(
                "the disk of the state directory '{directory}' is full; the store's reserve is in use now: free space"
            )
        } else {
            format!("the disk of the state directory '{directory}' is full; free space")
        };
        StoreError::Unavailable {
            message,
            transient: true,
        }
    }
}
