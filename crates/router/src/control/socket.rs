//! The control socket's file: private from its first moment, and only one router at a time has it.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::error::Error;

/// A bound control socket; its file goes away on drop.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// Held while this router has the socket; the kernel lets go when the process ends.
    _lock: File,
}

impl ControlSocket {
    /// Takes the place of a socket that a dead router left, never that of a living one.
    pub(crate) fn bind(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::ControlSocket {
            path: path.to_owned(),
            source,
        };
        let lock = File::create(with_suffix(path, ".lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::AlreadyRunning {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let listener = bind_private(path).map_err(failed)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            _lock: lock,
        })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // Somebody may have removed it; the next router replaces it in any case.
        let _ = fs::remove_file(&self.path);
    }
}

/// A socket takes its mode from the umask when it is bound, so it is bound in a directory that
/// nobody else can enter, and moved when its mode is right.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let directory = with_suffix(path, ".new");
    // What a router left that was killed at this point.
    let _ = fs::remove_dir_all(&directory);
    DirBuilder::new().mode(0o700).create(&directory)?;
    let bound = (|| {
        let temporary = directory.join("s");
        let listener = UnixListener::bind(&temporary)?;
        fs::set_permissions(&temporary, Permissions::from_mode(0o600))?;
        fs::rename(&temporary, path)?;
        Ok(listener)
    })();
    fs::remove_dir_all(&directory)?;
    bound
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    text.into()
}
