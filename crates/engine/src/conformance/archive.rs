//! Build contexts for the cases: a tar archive in memory.

/// An uncompressed tar archive of the files. Paths are at most 100 bytes.
///
/// # Panics
///
/// When a path is longer.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    crate::tar::archive(files.iter().map(|(path, content)| (*path, *content, 0o644)))
}
