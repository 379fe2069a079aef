//! Windlass: server, router and command line in one binary. The only place that picks drivers.

mod images;
mod paths;
mod router;
mod server;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

// The allocator decides a third of the router's throughput under load; the trial is in the design.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted platform: push code, add databases, deploy without losing a byte or a request.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the server: the API, git, deployments.
    Server(Box<server::Options>),
    /// Run the router: the HTTP data plane, a process of its own.
    Router(router::Options),
    /// Images of services, on this machine's engine.
    #[command(subcommand)]
    Images(images::Verb),
    #[command(flatten)]
    Client(windlass_cli::Command),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let outcome = match arguments.verb {
        Verb::Server(options) => with_log(|| server::run(*options)),
        Verb::Router(options) => with_log(|| router::run(options)),
        Verb::Images(verb) => images::run(verb),
        Verb::Client(command) => return windlass_cli::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(2)
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
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_arguments_of_every_verb_fit_together() {
        Arguments::command().debug_assert();
    }
}
