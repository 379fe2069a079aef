//! `windlass router`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::{paths, stop};

/// Options of the router.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The state directory of the server: the route table and the control socket are in it.
    #[arg(long, env = "WINDLASS_STATE_DIR", value_name = "DIR")]
    state_dir: PathBuf,
    /// Where sites are served; may be given several times.
    #[arg(
        long,
        env = "WINDLASS_ROUTER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    listen: Vec<SocketAddr>,
}

pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    allow_connections();
    paths::make_router_directory(&options.state_dir)
        .with_context(|| format!("making {}", paths::router(&options.state_dir).display()))?;
    let settings = windlass_router::Settings::new(
        options.listen,
        paths::route_table(&options.state_dir),
        paths::router_socket(&options.state_dir),
    );
    // The workers bring runtimes of their own; this one waits for signals and serves the control socket.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = stop::on_signal()?;
        windlass_router::run(settings, stop)
            .await
            .context("the router")
    })
}

/// A connection takes two descriptors, and the usual soft limit of 1,024 would end at 500 of them: up to
/// the hard limit then, which the operator sets.
fn allow_connections() {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files could not be raised; many connections at once may be refused");
    }
}
