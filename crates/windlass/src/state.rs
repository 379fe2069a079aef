//! Where a server's state is: what all verbs say that work on it.

use std::path::PathBuf;

use clap::Args;
use windlass_store::StoreSettings;

/// Where a server's state is.
#[derive(Debug, Args)]
pub(crate) struct StateOptions {
    /// Where everything is kept: the store, repositories, logs, the route table.
    #[arg(long, env = "WINDLASS_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: PathBuf,
    /// The file with the key of the store's secrets, made at the first start; secret.key in the state directory if left
    /// out. Every verb that opens the store has to be told the same.
    #[arg(long, env = "WINDLASS_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

impl StateOptions {
    /// The store in it.
    pub(crate) fn store(&self) -> StoreSettings {
        StoreSettings {
            key_file: self.key_file.clone(),
            ..StoreSettings::new(&self.state_dir)
        }
    }
}
