//! `plan`, `deploy`, `deployments`, `releases`, `rollback`, `logs`.

use clap::{Args, Subcommand};

/// What is to be deployed, and where.
#[derive(Debug, Args)]
pub(crate) struct What {
    /// The environment. If left out, that of -e, or test.
    pub(crate) environment: Option<String>,
    /// A ready image instead of code.
    #[arg(long, conflicts_with = "source")]
    pub(crate) image: Option<String>,
    /// A git repository elsewhere: its URL, or a path on the server's machine.
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) source: Option<String>,
    /// The branch of that repository. If left out, the environment's.
    #[arg(long, requires = "source")]
    pub(crate) branch: Option<String>,
}

/// `plan`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Plan {
    #[command(flatten)]
    pub(crate) what: What,
}

/// `deploy`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Deploy {
    #[command(flatten)]
    pub(crate) what: What,
    /// Use layers of earlier builds.
    #[arg(long)]
    pub(crate) cache: bool,
    /// auto: use the image of a release of the same commit again, or build. adopt: use it again, or refuse. force:
    /// build.
    #[arg(long, value_name = "MODE", default_value = "auto", value_parser = ["auto", "adopt", "force"])]
    pub(crate) build_mode: String,
    /// Do not wait for the end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// `deployments`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct DeploymentVerbs {
    #[command(subcommand)]
    pub(crate) verb: DeploymentVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeploymentVerb {
    /// List deployments, newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show a deployment.
    Show {
        /// Its number or id. If left out, the newest.
        deployment: Option<String>,
    },
    /// Print the log of a deployment, and follow it while it runs.
    Logs {
        /// Its number or id. If left out, the newest.
        deployment: Option<String>,
    },
    /// Cancel a running deployment before its switch.
    Cancel {
        /// Its number or id. If left out, the newest.
        deployment: Option<String>,
    },
}

/// `releases`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Releases {
    /// The environment. If left out, that of -e, or test.
    pub(crate) environment: Option<String>,
}

/// `rollback`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Rollback {
    /// The environment.
    pub(crate) environment: String,
    /// The number of the release; see releases.
    pub(crate) release: u32,
    /// Do not wait for the end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// `logs`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Logs {
    /// The environment. If left out, that of -e, or test.
    pub(crate) environment: Option<String>,
    /// Go on with new lines.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Begin with this many of the newest lines.
    #[arg(short = 'n', long, default_value_t = 100, value_name = "LINES", value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) tail: u32,
}
