//! The files of the directory by name.

use std::io;
use std::path::Path;

use super::is_absent;
use crate::target::{Name, Object};

/// The files whose names begin like this and come behind that one.
pub(super) fn list(
    root: &Path,
    prefix: &str,
    after: Option<&Name>,
    most: usize,
) -> io::Result<Vec<Object>> {
    let mut found = Vec::new();
    // Only below the last directory that the prefix names.
    let start = prefix
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    if !start.is_empty() && start.parse::<Name>().is_err() {
        return Ok(found);
    }
    let mut waiting = vec![start.to_owned()];
    while let Some(directory) = waiting.pop() {
        let entries = match std::fs::read_dir(root.join(&directory)) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Some(own) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let path = if directory.is_empty() {
                own
            } else {
                format!("{directory}/{own}")
            };
            // What has a name that is none of ours was put there by somebody else, or is no archive yet.
            let Ok(name) = path.parse::<Name>() else {
                continue;
            };
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => waiting.push(path),
                Ok(metadata)
                    if metadata.is_file()
                        && path.starts_with(prefix)
                        && after.is_none_or(|after| name > *after) =>
                {
                    let bytes = metadata.len();
                    found.push(Object { name, bytes });
                }
                Ok(_) => {}
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    found.truncate(most);
    Ok(found)
}
