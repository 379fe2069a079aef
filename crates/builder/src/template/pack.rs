//! The archive of a template that is a directory.

use std::io::{Cursor, Write};

use windlass_delivery::build::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Packs files, each with its path and whether it can be run. The same files give the same bytes.
///
/// # Errors
/// A path that the format cannot have.
pub fn pack(files: &[(&str, bool, &[u8])]) -> Result<Vec<u8>, Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, is_executable, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if *is_executable { 0o755 } else { 0o644 });
        archive
            .start_file(*path, options)
            .map_err(|error| Error::Template(format!("'{path}' cannot be packed: {error}")))?;
        archive
            .write_all(content)
            .map_err(|error| Error::Template(format!("'{path}' cannot be packed: {error}")))?;
    }
    let archive = archive
        .finish()
        .map_err(|error| Error::Template(format!("it cannot be packed: {error}")))?;
    Ok(archive.into_inner())
}
