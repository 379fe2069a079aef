//! Room on a disk.

use std::path::Path;

use windlass_delivery::build::Error;

/// Fails when the disk of `directory` has less than `minimum` bytes free.
pub(crate) fn require_free(directory: &Path, minimum: u64) -> Result<(), Error> {
    let status = rustix::fs::statvfs(directory).map_err(|error| Error::Git {
        doing: format!("measuring the free space of {}", directory.display()),
        reason: error.to_string(),
    })?;
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    if free < minimum {
        return Err(Error::DiskFull(format!(
            "{} has {} MiB free and at least {} MiB are wanted; make room there (old images: `docker image ls`)",
            directory.display(),
            free / 1024 / 1024,
            minimum / 1024 / 1024
        )));
    }
    Ok(())
}

/// Whether a program's words tell of a full disk.
pub(crate) fn tells_of_full(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("no space left on device") || words.contains("disk quota exceeded")
}

/// An input or output error as the builder's.
pub(crate) fn error(doing: impl Into<String>, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Error::DiskFull(format!("{} failed: {error}", doing.into()))
        }
        _ => Error::Git {
            doing: doing.into(),
            reason: error.to_string(),
        },
    }
}
