//! `app` and `env`.

use clap::{Args, Subcommand};

/// `app`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct AppVerbs {
    #[command(subcommand)]
    pub(crate) verb: AppVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppVerb {
    /// Create an application with its environments test and live, and remember it in this git work tree.
    Create {
        /// Its name in host names and repositories.
        name: String,
        /// Its name for people. If left out, the same.
        #[arg(long)]
        title: Option<String>,
        /// The region that it runs in, if not that of the server's machine; see 'windlass regions'.
        #[arg(long)]
        region: Option<String>,
        /// The organisation that it belongs to, by name or id, if you are in several.
        #[arg(short, long, env = "WINDLASS_ORGANISATION")]
        organisation: Option<String>,
        /// The branch of its environments.
        #[arg(long, default_value = "main")]
        branch: String,
        /// A command that runs before each switch, as label=command or just the command; several are run in order.
        #[arg(long, value_name = "LABEL=COMMAND")]
        release_command: Vec<String>,
    },
    /// List applications.
    List,
    /// Show an application with its environments.
    Show {
        /// Its name. If left out, that of -a or of this git work tree.
        name: Option<String>,
    },
    /// Set the commands that run before each switch.
    ReleaseCommands {
        /// As label=command or just the command, in order; none clears them.
        #[arg(value_name = "LABEL=COMMAND")]
        commands: Vec<String>,
    },
    /// Remove an application with everything in it: environments, services and their data, releases, code.
    Remove {
        /// Its name. If left out, that of -a or of this git work tree.
        name: Option<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
}

/// `env`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct EnvVerbs {
    #[command(subcommand)]
    pub(crate) verb: EnvVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnvVerb {
    /// List the environments of an application.
    List,
    /// Create an environment.
    Create {
        /// Its name.
        name: String,
        /// The branch that it deploys. If left out, its name.
        #[arg(long)]
        branch: Option<String>,
    },
    /// Deploy another branch from the next deployment on.
    Branch {
        /// The branch.
        branch: String,
        /// The environment, if not test.
        #[arg(short, long, env = "WINDLASS_ENV", value_name = "ENVIRONMENT")]
        env: Option<String>,
    },
}
