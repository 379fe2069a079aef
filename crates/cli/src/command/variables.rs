//! `env-vars`.

use clap::{Args, Subcommand};

/// `env-vars`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct VariableVerbs {
    #[command(subcommand)]
    pub(crate) verb: VariableVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VariableVerb {
    /// List the variables as the next deployment will give them.
    List,
    /// Print the value of a variable, a hidden one too.
    Get {
        /// Its name.
        name: String,
    },
    /// Set variables, all or none; they take effect with the next deployment.
    Set {
        /// Names with their values.
        #[arg(required = true, value_name = "NAME=VALUE")]
        variables: Vec<String>,
        /// Hide the values in lists.
        #[arg(long)]
        secret: bool,
        /// Allow them to hide variables of services.
        #[arg(long = "override")]
        overrides: bool,
    },
    /// Unset variables; they are gone with the next deployment.
    Unset {
        /// Their names.
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<String>,
        /// Every custom variable of the environment.
        #[arg(long, conflicts_with = "names")]
        all: bool,
        /// Do not ask, where --all would.
        #[arg(long)]
        yes: bool,
    },
}
