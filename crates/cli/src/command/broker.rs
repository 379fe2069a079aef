//! `broker`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `broker`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct BrokerVerbs {
    #[command(subcommand)]
    pub(crate) verb: BrokerVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BrokerVerb {
    /// Register a broker: what it offers can be added as services from then on.
    Add {
        /// Its name: the names of its services begin with it.
        name: String,
        /// Where it is, without /v2.
        url: String,
        /// The region in which its services are offered, if not that of the server's machine; see 'windlass regions'.
        #[arg(long)]
        region: Option<String>,
        #[command(flatten)]
        access: Access,
    },
    /// List brokers and what they offer.
    List,
    /// Fetch what a broker offers now.
    Refresh {
        /// Its name.
        name: String,
    },
    /// Change the access to a broker, if it answers with it.
    Update {
        /// Its name.
        name: String,
        /// Another place of the same broker.
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        access: Access,
    },
    /// Forget a broker of which there are no service instances.
    Remove {
        /// Its name.
        name: String,
    },
}

/// How a broker is spoken to.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// The user that Windlass is to the broker. Without one, the password is a bearer token.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Read the password or token from standard input; asked for at a terminal.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// As which platform Windlass introduces itself; some brokers refuse those that they do not know. If left
    /// out of add, cloudfoundry.
    #[arg(long)]
    pub(crate) profile: Option<Profile>,
    /// Certificate authorities that are trusted for the broker, in PEM, if not the machine's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// The platforms that brokers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Cloud Foundry.
    Cloudfoundry,
    /// Kubernetes.
    Kubernetes,
    /// Windlass itself, with all that it knows.
    Native,
}

impl Profile {
    /// Its name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cloudfoundry => "cloudfoundry",
            Self::Kubernetes => "kubernetes",
            Self::Native => "native",
        }
    }
}
