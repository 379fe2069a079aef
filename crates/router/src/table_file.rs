//! The route table's file: written atomically, read with suspicion.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use windlass_delivery::routing::{InvalidTable, MAX_TABLE_BYTES, RouteTable};

/// Why a table file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the route table {path} cannot be read: {source}")]
    Io { path: String, source: io::Error },
    #[error("the route table {path} is damaged: {}", chain(source))]
    Invalid { path: String, source: InvalidTable },
}

/// A failed write.
#[derive(Debug)]
pub(crate) struct WriteError {
    /// The new file is in place already, only its directory's entry may not be safe on disk.
    pub(crate) replaced: bool,
    pub(crate) source: io::Error,
}

/// Reads the table; none when there is no file yet.
pub(crate) fn read(path: &Path) -> Result<Option<RouteTable>, ReadError> {
    let io_error = |source| ReadError::Io {
        path: path.display().to_string(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a table that is too large is seen as such.
    file.take(MAX_TABLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    RouteTable::from_json(&bytes)
        .map(Some)
        .map_err(|source| ReadError::Invalid {
            path: path.display().to_string(),
            source,
        })
}

/// Replaces the file: a reader, also after a power cut, finds the old table or the new one, whole.
pub(crate) fn write(path: &Path, table: &RouteTable) -> Result<(), WriteError> {
    let before = |source| WriteError {
        replaced: false,
        source,
    };
    let name = path.file_name().ok_or_else(|| {
        before(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path has no file name",
        ))
    })?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut temporary_name = name.to_owned();
    // The server and the router may write at once; each has a file of its own until the rename.
    temporary_name.push(format!(".{}.new", std::process::id()));
    let temporary = directory.join(temporary_name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(&table.to_json())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if let Err(error) = written {
        // It may not exist; the error that counts is the first.
        let _ = fs::remove_file(&temporary);
        return Err(before(error));
    }
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| WriteError {
            replaced: true,
            source,
        })
}

fn chain(error: &dyn std::error::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
