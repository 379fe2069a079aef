//! `login`, `logout`, `git-credential`.

use std::path::PathBuf;

use clap::Args;

/// `login`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Login {
    /// The server's URL, such as https://paas.example.com. If left out, that of the last login.
    pub(crate) url: Option<String>,
    /// The token. If left out, it is asked for, or read from standard input where that is no terminal. Others
    /// can see arguments: prefer the variable or standard input.
    #[arg(long, env = "WINDLASS_TOKEN")]
    pub(crate) token: Option<String>,
    /// Take the first administrator's token out of this file in the server's state directory. The file is
    /// removed once the login is kept.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub(crate) first_token: Option<PathBuf>,
    /// Print data as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `logout`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Logout {
    /// The server's URL. If left out, that of the last login.
    pub(crate) url: Option<String>,
    /// Print data as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `netrc`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Netrc {
    /// Put it into ~/.netrc, or the file that NETRC_PATH names, in the place of an entry that is there.
    #[arg(long)]
    pub(crate) write: bool,
}

/// `git-credential`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct GitCredential {
    /// What git wants: `get`; `store` and `erase` do nothing.
    pub(crate) action: String,
    /// The token, if not the one of the login.
    #[arg(long, env = "WINDLASS_TOKEN")]
    pub(crate) token: Option<String>,
}
