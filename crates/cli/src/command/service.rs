//! `service`.

use clap::{Args, Subcommand};

/// `service`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ServiceVerbs {
    #[command(subcommand)]
    pub(crate) verb: ServiceVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceVerb {
    /// List what can be added.
    Catalogue {
        /// In this region only, by name.
        #[arg(long)]
        region: Option<String>,
    },
    /// Add a service instance: recorded now, made by the next deployment or by provision.
    Add {
        /// The service, such as postgres or postgres-15-private; see catalogue.
        service: String,
        /// The prefix of its variables.
        #[arg(long, default_value = "DEFAULT")]
        prefix: String,
        /// The scheme of its URL, such as postgresql.
        #[arg(long)]
        url_scheme: Option<String>,
    },
    /// List the service instances of an environment.
    List,
    /// Show a service instance.
    Show {
        /// Its prefix.
        prefix: String,
    },
    /// Show what a service instance uses on its server now.
    Usage {
        /// Its prefix.
        prefix: String,
    },
    /// Make a service instance now, without a deployment.
    Provision {
        /// Its prefix.
        prefix: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Let the next deployment attach a detached instance again.
    Attach {
        /// Its prefix.
        prefix: String,
    },
    /// Let the next deployment detach an instance. Its data stays.
    Detach {
        /// Its prefix.
        prefix: String,
    },
    /// Take the wish to detach an instance back.
    Cancel {
        /// Its prefix.
        prefix: String,
    },
    /// Give an instance another prefix: new variable names from the next deployment on.
    Rename {
        /// Its prefix.
        prefix: String,
        /// Its new prefix.
        new: String,
    },
    /// Destroy a service instance that is not attached, with its data.
    Remove {
        /// Its prefix.
        prefix: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
}
