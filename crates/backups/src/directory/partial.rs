//! Files that are being written, apart from those that are whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::TryRngCore;
use rand::rngs::OsRng;
use rustix::fs::{FlockOperation, flock};

use super::{is_absent, sync};

/// Where they are. No name of an archive begins with a point.
pub(super) const DIRECTORY: &str = ".partial";

/// How often another one is made.
const CREATIONS: u32 = 10;

/// How often a directory may be taken away before a file is in it.
const RENAMES: u32 = 100;

/// A file that is being written; gone when it is dropped.
pub(super) struct Partial {
    path: PathBuf,
    is_done: bool,
}

impl Partial {
    /// A new file, locked as long as it is open: what can be locked is nobody's any more.
    pub(super) fn create(directory: &Path) -> io::Result<(Self, File)> {
        // A sweep that comes before the lock takes the file for one that nobody is writing.
        for _ in 0..CREATIONS {
            let name = OsRng.try_next_u64().map_err(io::Error::other)?;
            let path = directory.join(format!("{name:016x}"));
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            let is_done = false;
            let partial = Self { path, is_done };
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && partial.path.exists()
            {
                return Ok((partial, file));
            }
        }
        Err(io::Error::other(
            "each new file was taken for an old one and removed",
        ))
    }

    /// Gives the file its name, over another that has it.
    pub(super) fn become_file(mut self, root: &Path, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(root);
        // A deletion beside this takes a directory away that has just been made, if nothing is in it yet.
        let mut tries = 0;
        while let Err(error) =
            make_directories(root, parent).and_then(|()| std::fs::rename(&self.path, path))
        {
            tries += 1;
            let is_late = error.kind() == io::ErrorKind::NotFound && self.path.exists();
            if !is_late || tries == RENAMES {
                return Err(error);
            }
        }
        self.is_done = true;
        match sync(parent) {
            // It has been deleted since.
            Err(error) if is_absent(&error) => Ok(()),
            other => other,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_done
            && let Err(error) = std::fs::remove_file(&self.path)
            && !is_absent(&error)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished backup could not be removed");
        }
    }
}

/// Removes the files that nobody is writing; how many.
pub(super) fn sweep(directory: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(error),
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        match std::fs::remove_file(&path) {
            Ok(()) => removed += 1,
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// Makes a directory and those that it is in, from the root on, for the owner alone.
pub(super) fn make_directories(root: &Path, directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent();
    if let Some(parent) = parent {
        if directory == root {
            std::fs::create_dir_all(parent)?;
        } else {
            make_directories(root, parent)?;
        }
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => parent.map_or(Ok(()), sync),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a deletion safe, and takes the directories away that have nothing in them any more.
pub(super) fn forget_directories(root: &Path, deleted: &Path) -> io::Result<()> {
    for directory in deleted.ancestors().skip(1) {
        match sync(directory) {
            Ok(()) => {}
            // Another deletion was here.
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(error),
        }
        if directory == root || std::fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}
