//! One log's file, and word of its changes.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The last line of a log that is full.
const FULL: &str = "--- the log is full: what came after this line was not kept ---\n";
/// Mode of a log that still grows.
const OPEN: u32 = 0o600;
/// Mode of a closed one.
const CLOSED: u32 = 0o400;
/// The bit that is the difference.
const WRITABLE: u32 = 0o200;

/// What followers are told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct News {
    /// Raised with each change.
    version: u64,
    /// Whether nothing will come any more.
    pub(crate) is_over: bool,
}

/// A log that is being written or followed.
pub(crate) struct Topic {
    path: PathBuf,
    max_bytes: u64,
    /// One writer at a time.
    writing: Mutex<()>,
    news: watch::Sender<News>,
}

impl Topic {
    /// The log in that file, which need not exist.
    pub(crate) fn new(path: PathBuf, max_bytes: u64) -> Self {
        Self {
            path,
            max_bytes,
            writing: Mutex::default(),
            news: watch::Sender::default(),
        }
    }

    /// Word of changes from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Adds text that ends in a line end; all of it, what fits, or nothing.
    pub(crate) fn append(&self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Not by the open itself: whoever is root may write to any file.
        if self.is_closed()? {
            return Err(std::io::Error::other("it is closed"));
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(OPEN)
            .open(&self.path)?;
        let length = file.metadata()?.len();
        let tail = tail(&mut file, length)?;
        if tail == FULL.as_bytes() {
            return Ok(());
        }
        // A killed server may have left half a line.
        let mut wanted = if tail.last().is_some_and(|byte| *byte != b'\n') {
            "\n".to_owned()
        } else {
            String::new()
        };
        let room = usize::try_from(self.max_bytes.saturating_sub(length)).unwrap_or(usize::MAX);
        if wanted.len() + text.len() + FULL.len() <= room {
            wanted.push_str(text);
        } else {
            let fitting = room
                .saturating_sub(wanted.len() + FULL.len())
                .min(text.len());
            let end = text.as_bytes()[..fitting]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            wanted.push_str(&text[..end]);
            wanted.push_str(FULL);
        }
        if let Err(error) = file.write_all(wanted.as_bytes()) {
            // Half of it is worse than nothing: the caller will say it again.
            let _ = file.set_len(length);
            return Err(error);
        }
        self.tell(false);
        Ok(())
    }

    /// All of it.
    pub(crate) fn read(&self) -> Result<String> {
        match std::fs::read(&self.path) {
            Ok(content) => Ok(String::from_utf8_lossy(&content).into_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// Up to `limit` bytes from a place on; empty at the end and when there is no file.
    pub(crate) fn part(&self, from: u64, limit: u64) -> Result<Vec<u8>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(from))?;
        let mut part = Vec::new();
        file.take(limit).read_to_end(&mut part)?;
        Ok(part)
    }

    /// Whether the log is closed.
    pub(crate) fn is_closed(&self) -> Result<bool> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) => Ok(metadata.permissions().mode() & WRITABLE == 0),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Closes it. Followers end even when the mark cannot be made.
    pub(crate) fn close(&self) -> Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let marked = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(OPEN)
            .open(&self.path)
            .or_else(|error| {
                // Closed already, and this is not root.
                if error.kind() == ErrorKind::PermissionDenied {
                    File::open(&self.path)
                } else {
                    Err(error)
                }
            });
        let marked = marked.and_then(|file| file.set_permissions(Permissions::from_mode(CLOSED)));
        self.tell(true);
        marked
    }

    /// Removes it. Followers end.
    pub(crate) fn remove(&self) -> Result<()> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => {
                self.tell(true);
                Ok(())
            }
        }
    }

    fn tell(&self, is_over: bool) {
        self.news.send_modify(|news| {
            news.version += 1;
            news.is_over |= is_over;
        });
    }
}

/// The end of the file, as much as tells whether it is full.
fn tail(file: &mut File, length: u64) -> Result<Vec<u8>> {
    file.seek(SeekFrom::Start(length.saturating_sub(FULL.len() as u64)))?;
    let mut tail = Vec::new();
    file.take(FULL.len() as u64).read_to_end(&mut tail)?;
    Ok(tail)
}
