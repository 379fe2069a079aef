//! The catalogue of a server: what is built in, and the operator's files.

use std::path::Path;

use anyhow::Context;
use windlass_catalogue::Catalogue;

/// Reads the catalogue. Files of a directory are taken in the order of their names.
pub(crate) fn read(directory: Option<&Path>) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::built_in()?;
    let Some(directory) = directory else {
        return Ok(catalogue);
    };
    let reading = || format!("reading the catalogue in {}", directory.display());
    let listed: std::io::Result<Vec<_>> = std::fs::read_dir(directory)
        .with_context(reading)?
        .map(|file| file.map(|file| file.path()))
        .collect();
    let mut paths = listed.with_context(reading)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        catalogue.put(&name, &text)?;
    }
    Ok(catalogue)
}
