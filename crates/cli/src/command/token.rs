//! `token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `token`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct TokenVerbs {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

/// What a token may be used for, each with what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// To look, without secret values.
    Read,
    /// To push code and deploy it.
    Deploy,
    /// For everything that its user may do.
    Manage,
}

impl Level {
    /// Its name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Manage => "manage",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token and print it once. It reaches no further than the one that you are logged in with. With
    /// --state-dir: a new token for the administrator, on the server's machine while the server is stopped.
    Create(CreateToken),
    /// List your tokens.
    List {
        /// Those of this service account, by address, instead.
        #[arg(long = "for", value_name = "ADDRESS")]
        owner: Option<String>,
    },
    /// Revoke a token: it stops at once.
    Revoke {
        /// Its name or id.
        #[arg(value_name = "TOKEN")]
        which: String,
        /// One of this service account, by address, instead.
        #[arg(long = "for", value_name = "ADDRESS")]
        owner: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateToken {
    /// What it is for.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it may be used for.
    #[arg(long, default_value = "manage")]
    pub(crate) level: Level,
    /// The service account that it is for, by address, if not for you.
    #[arg(long = "for", value_name = "ADDRESS")]
    pub(crate) owner: Option<String>,
    /// For this organisation only, by name or id.
    #[arg(short, long)]
    pub(crate) organisation: Option<String>,
    /// For this application only.
    #[arg(short, long, value_name = "APPLICATION")]
    pub(crate) app: Option<String>,
    /// When it ends, such as 2026-12-31T12:00:00Z. If left out, never.
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
    /// The state directory of the server on this machine, which must be stopped.
    #[arg(
        long,
        env = "WINDLASS_STATE_DIR",
        value_name = "DIR",
        // What is made there is for everything that the administrator may do.
        conflicts_with_all = ["level", "owner", "organisation", "app", "expires"]
    )]
    pub(crate) state_dir: Option<PathBuf>,
    /// The file with the key of the store in it, if it is not there.
    #[arg(long, env = "WINDLASS_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// A token that is made beside the API, in the state directory of a server that is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfflineToken {
    /// The state directory.
    pub state_dir: PathBuf,
    /// The file with the key, if it is elsewhere.
    pub key_file: Option<PathBuf>,
    /// What it is for, if that was said.
    pub name: Option<String>,
    /// Whether data is JSON.
    pub json: bool,
}
