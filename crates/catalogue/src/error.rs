//! What is wrong with a file of the catalogue.

/// A file that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue's file {file}: {reason}")]
pub struct Error {
    file: String,
    reason: String,
}

impl Error {
    pub(crate) fn new(file: &str, reason: &str) -> Self {
        Self {
            file: file.to_owned(),
            reason: reason.trim_end().to_owned(),
        }
    }
}
