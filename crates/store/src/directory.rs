//! The state directory: its lock, and the mark that a store has been made in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Whether a store has been made in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nobody has begun to.
    None,
    /// A first start began and did not come to its end; nothing of it was used yet.
    Begun,
    /// There is a store.
    Made,
}

const BEGUN: &str = "begun\n";
const MADE: &str = "made\n";

/// The only one who works in the directory, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Makes the directory if need be, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io {
                action,
                path,
                source,
            }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("create", path))?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Without the number the message is only less exact.
                let _ = lock.take(32).read_to_string(&mut pid);
                return Err(OpenError::InUse {
                    directory: path.to_owned(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source)),
        }
        // The number of the process only makes the other's message better, so a full disk is no reason
        // not to start.
        let written = lock
            .set_len(0)
            .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()));
        if let Err(error) = written {
            tracing::warn!(path = %lock_path.display(), %error, "cannot write the process number into the lock file");
        }
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    /// Lets another work in it.
    pub(crate) fn unlock(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(path = %self.path.display(), %error, "cannot unlock the state directory");
        }
    }

    pub(crate) fn mark_path(&self) -> PathBuf {
        self.path.join("store")
    }

    pub(crate) fn mark(&self) -> Result<Mark, OpenError> {
        let path = self.mark_path();
        match std::fs::read_to_string(&path) {
            Ok(text) if text == BEGUN => Ok(Mark::Begun),
            // Whatever else is in it: there was a store.
            Ok(_) => Ok(Mark::Made),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Mark::None),
            Err(source) => Err(OpenError::Io {
                action: "read",
                path,
                source,
            }),
        }
    }

    pub(crate) fn set_mark(&self, mark: Mark) -> Result<(), OpenError> {
        let text = match mark {
            Mark::None => return Ok(()),
            Mark::Begun => BEGUN,
            Mark::Made => MADE,
        };
        let path = self.mark_path();
        self.replace(&path, text).map_err(|source| OpenError::Io {
            action: "write",
            path,
            source,
        })
    }

    /// Whole or not at all, also when the power fails.
    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        let half = path.with_added_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&half, path)?;
        File::open(&self.path)?.sync_all()
    }
}
