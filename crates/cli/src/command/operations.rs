//! `operations`.

use clap::{Args, Subcommand};

/// `operations`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OperationVerbs {
    #[command(subcommand)]
    pub(crate) verb: OperationVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationVerb {
    /// List operations, newest first.
    List {
        /// Only those in this state, such as running or needs_attention.
        #[arg(long)]
        state: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show an operation with its steps.
    Show {
        /// Its id.
        id: String,
    },
    /// Try an operation that needs attention again, and follow it to its end.
    Retry {
        /// Its id.
        id: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Say that the failing step of an operation is dealt with by hand; the operation goes on behind it.
    Skip {
        /// Its id.
        id: String,
        /// The name of the step; see show.
        step: String,
        /// Why; kept in the record.
        #[arg(long)]
        reason: String,
    },
    /// Give an operation up as it is. What it has made stays, and is yours to clean up.
    Abandon {
        /// Its id.
        id: String,
        /// Why; kept in the record.
        #[arg(long)]
        reason: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}
