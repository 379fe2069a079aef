//! Room on the disk that is kept for the store.
//!
//! When the disk is full the reserve is given up, so that what is at work can be recorded and undone;
//! it is taken again when there is room.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// Taken again only when the disk would still have this many times its size.
const ROOM: u64 = 3;

/// The file.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    bytes: u64,
    held: AtomicBool,
}

impl Reserve {
    /// What an earlier start has left of it; [`Reserve::take_again`] takes it where there was none.
    pub(crate) fn new(path: PathBuf, bytes: u64) -> Self {
        let held = std::fs::metadata(&path).is_ok_and(|file| file.len() == bytes);
        Self {
            path,
            bytes,
            held: AtomicBool::new(held),
        }
    }

    /// Gives the room to the store. `false` when that was done already.
    pub(crate) fn give_up(&self) -> bool {
        if self.bytes == 0 || !self.held.swap(false, Ordering::AcqRel) {
            return false;
        }
        match std::fs::remove_file(&self.path) {
            Ok(()) => {
                tracing::error!(path = %self.path.display(), bytes = self.bytes, "the disk is full: the reserve is given up");
                true
            }
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "the disk is full, and the reserve cannot be given up");
                false
            }
        }
    }

    /// Takes the reserve if it is not held and the disk has room. Cheap when it is held.
    pub(crate) fn take_again(&self) {
        if self.bytes == 0 || self.held.load(Ordering::Acquire) {
            return;
        }
        match self.take() {
            Ok(taken) => self.held.store(taken, Ordering::Release),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the reserve cannot be taken");
                // Half of it would be in the way of what needs the room.
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn take(&self) -> io::Result<bool> {
        let directory = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let disk = statvfs(directory)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.bytes.saturating_mul(ROOM) {
            return Ok(false);
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, self.bytes) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(&file, self.bytes)?,
            Err(error) => return Err(error.into()),
        }
        file.sync_all()?;
        Ok(true)
    }
}

/// For file systems that cannot give room without a write.
fn fill(mut file: &File, bytes: u64) -> io::Result<()> {
    let block = [0xa5_u8; 8 * 1024];
    let mut left = bytes;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        file.write_all(&block[..part])?;
        left -= part as u64;
    }
    Ok(())
}
