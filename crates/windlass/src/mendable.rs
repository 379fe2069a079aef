//! Failures of verbs on the server's machine that the one who typed the command can mend: exit code 1.

use std::fmt;
use std::path::Path;

use anyhow::bail;
use windlass_store::OpenError;

use crate::paths;

/// What the one who typed the command can mend.
#[derive(Debug)]
pub(crate) struct Mendable(String);

impl fmt::Display for Mendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mendable {}

/// Refuses a directory without a store: opening would make one.
pub(crate) fn has_store(state: &Path) -> anyhow::Result<()> {
    if !paths::store(state).exists() {
        bail!(Mendable(format!(
            "there is no store in {}: name the state directory of a server that has been started once",
            state.display()
        )));
    }
    Ok(())
}

/// A store that a server has can be had once it is stopped.
pub(crate) fn unopened(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::InUse { .. } => Mendable(error.to_string()).into(),
        other => other.into(),
    }
}
