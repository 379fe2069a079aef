//! A directory of this machine in which archives are kept.

mod listing;
mod partial;

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::target::{Content, Error, Name, Object, Target};
use partial::Partial;

/// What is read of the content at once.
const BUFFER: usize = 256 * 1024;
/// How often room is looked at while something is written: so much more than the reserve may be gone between two looks.
const LOOK_EVERY: u64 = 8 * 1024 * 1024;

/// A directory of this machine, which only its owner may enter.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
    reserve: u64,
}

impl Directory {
    /// Makes the directory if it is not there. `reserve` is how much of its disk is to stay free: whatever else is on
    /// it, the store of the server first of all, must be able to go on.
    pub async fn open(root: PathBuf, reserve: u64) -> Result<Self, Error> {
        let directory = Self { root, reserve };
        directory
            .blocking("opening it", |directory| {
                partial::make_directories(&directory.root, &directory.root)?;
                partial::make_directories(&directory.root, &directory.partials())
            })
            .await?;
        Ok(directory)
    }

    fn partials(&self) -> PathBuf {
        self.root.join(partial::DIRECTORY)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.root.join(name.as_str())
    }

    /// Room beside the reserve.
    fn room_now(&self) -> io::Result<u64> {
        let status = rustix::fs::statvfs(&self.root)?;
        let free = status.f_bavail.saturating_mul(status.f_frsize);
        Ok(free.saturating_sub(self.reserve))
    }

    async fn expect_room(&self, doing: &'static str) -> Result<(), Error> {
        let room = self.blocking(doing, Self::room_now).await?;
        if room > 0 {
            return Ok(());
        }
        Err(Error::Full {
            place: self.description(),
            reason: format!(
                "less than {} MiB of its disk, which are to stay free, are left",
                self.reserve / 1024 / 1024
            ),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&this)).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| self.error(doing, &error))
    }

    fn error(&self, doing: &'static str, error: &io::Error) -> Error {
        let (place, reason) = (self.description(), error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Error::Full { place, reason },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Error::Refused {
                place,
                doing,
                reason,
            },
            _ => Error::Failed {
                place,
                doing,
                reason,
            },
        }
    }

    async fn fill(
        &self,
        file: &mut tokio::fs::File,
        content: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, Error> {
        let failed = |error: io::Error| self.error("writing a file", &error);
        let mut buffer = vec![0; BUFFER];
        let (mut written, mut looked_at) = (0, 0);
        loop {
            let read = content.read(&mut buffer).await.map_err(Error::Content)?;
            if read == 0 {
                break;
            }
            file.write_all(&buffer[..read]).await.map_err(failed)?;
            written += read as u64;
            if written - looked_at >= LOOK_EVERY {
                // So that what is free tells of what was written.
                file.flush().await.map_err(failed)?;
                self.expect_room("writing a file").await?;
                looked_at = written;
            }
        }
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        Ok(written)
    }
}

#[async_trait]
impl Target for Directory {
    fn description(&self) -> String {
        format!("the directory of backups '{}'", self.root.display())
    }

    async fn put(
        &self,
        name: &Name,
        content: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, Error> {
        self.expect_room("beginning a file").await?;
        let (partial, file) = self
            .blocking("beginning a file", |directory| {
                Partial::create(&directory.partials())
            })
            .await?;
        let mut file = tokio::fs::File::from_std(file);
        let written = self.fill(&mut file, content).await?;
        let path = self.path(name);
        self.blocking("putting a file in its place", move |directory| {
            partial.become_file(&directory.root, &path)
        })
        .await?;
        // Open, and so locked, until it has its name.
        drop(file);
        Ok(written)
    }

    async fn get(&self, name: &Name, offset: u64) -> Result<Content, Error> {
        let path = self.path(name);
        let opened = self
            .blocking("opening a file", move |_| match std::fs::File::open(path) {
                Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
                Ok(_) => Ok(None),
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        let Some(file) = opened else {
            return Err(Error::Missing {
                place: self.description(),
                name: name.to_string(),
            });
        };
        let mut file = tokio::fs::File::from_std(file);
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))
                .await
                .map_err(|error| self.error("reading a file", &error))?;
        }
        Ok(Box::new(tokio::io::BufReader::with_capacity(BUFFER, file)))
    }

    async fn delete(&self, name: &Name) -> Result<(), Error> {
        let path = self.path(name);
        self.blocking("deleting a file", move |directory| {
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if is_absent(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
            partial::forget_directories(&directory.root, &path)
        })
        .await
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&Name>,
        most: usize,
    ) -> Result<Vec<Object>, Error> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.blocking("listing its files", move |directory| {
            listing::list(&directory.root, &prefix, after.as_ref(), most.max(1))
        })
        .await
    }

    async fn room(&self) -> Result<Option<u64>, Error> {
        self.blocking("looking for room", Self::room_now)
            .await
            .map(Some)
    }

    async fn sweep(&self) -> Result<usize, Error> {
        self.blocking("removing unfinished files", |directory| {
            partial::sweep(&directory.partials())
        })
        .await
    }
}

/// Nothing has that path, or what it would be in is no directory.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Makes what happened in a directory safe from a loss of power.
fn sync(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}
