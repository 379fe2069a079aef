//! Windlass: server, router and command line in one binary. The only place that picks drivers.

mod catalogue;
mod clusters;
mod images;
mod key;
mod mendable;
mod paths;
mod regions;
mod router;
mod server;
mod state;
mod stop;
mod templates;
mod token;

use std::process::ExitCode;

use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

// The allocator decides a third of the router's throughput under load; the trial is in the design.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FIRST_STEPS: &str = "\
First steps, in the git work tree of an application with a Dockerfile:
  windlass login http://127.0.0.1:8000
  windlass app create shop
  git push windlass main
  windlass service add postgres
  windlass deploy

Exit codes: 0 done, 1 yours to mend, 2 unexpected. Data goes to standard output, all else to standard error.";

/// A self-hosted platform: push code, add databases, deploy without losing a byte or a request.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100, after_help = FIRST_STEPS)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(flatten)]
    Client(windlass_cli::Command),
    /// Run the server: the API, git, deployments.
    Server(Box<server::Options>),
    /// Run the router: the HTTP data plane, a process of its own.
    Router(router::Options),
    /// Prepare the images of services on this machine's engine.
    #[command(subcommand)]
    Images(images::Verb),
    /// The key under which the store's secrets are sealed.
    #[command(subcommand)]
    Key(key::Verb),
}

/// The arguments as they are read and as their help shows them: with the names of variables, never their
/// values.
fn command() -> Command {
    fn without_values(command: Command) -> Command {
        command
            .mut_args(|argument| argument.hide_env_values(true))
            .mut_subcommands(without_values)
    }
    without_values(Arguments::command())
}

fn main() -> ExitCode {
    let matches = command().try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let outcome = match arguments.verb {
        Verb::Server(options) => with_log(|| server::run(*options)),
        Verb::Router(options) => with_log(|| router::run(options)),
        Verb::Images(verb) => images::run(verb),
        Verb::Key(verb) => key::run(verb),
        Verb::Client(command) => match command.offline_token() {
            Some(offline) => token::create(offline),
            None => return windlass_cli::run(command),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(if error.is::<mendable::Mendable>() {
                1
            } else {
                2
            })
        }
    }
}

/// Help and version are answers; anything else that clap says is the user's to mend.
fn usage(error: &clap::Error) -> ExitCode {
    // A reader that went away (`windlass --help | head`) is no failure.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}

fn with_log(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_env("WINDLASS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    run()
}

#[expect(
    clippy::print_stderr,
    reason = "the binary's own last word, when there may be no log"
)]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

#[cfg(test)]
mod tests;
