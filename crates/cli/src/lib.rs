//! The command line of Windlass: a client of the API, nothing else.
//!
//! Data goes to standard output, talk to standard error. Exit codes: 0 done, 1 the user's to mend, 2
//! unexpected.

mod client;
mod command;
mod commands;
mod confirm;
mod error;
mod events;
mod follow;
mod netrc;
mod output;
mod progress;
mod scope;
mod settings;
mod steps;
mod terminal;

use std::process::ExitCode;

pub use command::{Command, OfflineToken};

/// Does what a verb says.
pub fn run(command: Command) -> ExitCode {
    match commands::run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::fail(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
