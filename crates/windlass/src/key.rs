//! `windlass key`: the key under which the store's secrets are sealed.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use windlass_store::{RotationError, SqliteStore};

use crate::mendable::{has_store, unopened};
use crate::state::StateOptions;

/// What to do with the key.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Seal every secret anew under a new key, which takes the place of the old one in its file. The server must be
    /// stopped; sites go on. The old key opens older copies of the store, and nothing else any more.
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    state: StateOptions,
    /// Print data as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<()> {
    let Verb::Rotate(options) = verb;
    has_store(&options.state.state_dir)?;
    let settings = options.state.store();
    let key_file = settings.key_path();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let rotated = runtime.block_on(SqliteStore::rotate_key(settings));
    let rotation = rotated.map_err(|error| match error {
        RotationError::Open(error) => unopened(error),
        other => other.into(),
    })?;
    let mut out = io::stdout().lock();
    if options.json {
        let data = serde_json::json!({
            "key": rotation.key_id,
            "former_key": rotation.former_key_id,
            "secrets": rotation.secrets,
        });
        writeln!(out, "{data:#}")?;
    } else {
        writeln!(out, "{}", rotation.key_id)?;
        let mut talk = io::stderr().lock();
        writeln!(
            talk,
            "{} secrets are sealed under the new key {}. Copy {} to where you keep such copies, apart from those of the \
             store.\nCopies of the store from before are opened by the former key {} alone: keep its copy as long as them.",
            rotation.secrets,
            rotation.key_id,
            key_file.display(),
            rotation.former_key_id
        )?;
    }
    Ok(())
}
