//! `windlass router`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use windlass_router::TlsSettings;

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
    /// Where sites are served by TLS; may be given several times.
    #[arg(
        long,
        env = "WINDLASS_ROUTER_TLS_LISTEN",
        value_name = "ADDRESS",
        value_delimiter = ',',
        requires = "certificates"
    )]
    tls_listen: Vec<SocketAddr>,
    /// The certificates: for each a file NAME.crt, with the chain, and a file NAME.key, both in PEM. Which one a client
    /// gets is decided by the host names inside; default.crt is for clients that name no host, or an unknown one,
    /// which are refused without it. Files that change are read again by themselves.
    #[arg(long, env = "WINDLASS_CERTIFICATES", value_name = "DIR")]
    certificates: Option<PathBuf>,
    /// Send plain requests for hosts that have a certificate to https at this port: 443, or where clients from outside
    /// reach --tls-listen.
    #[arg(
        long,
        env = "WINDLASS_REDIRECT_TO_HTTPS",
        value_name = "PORT",
        requires = "tls_listen",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    redirect_to_https: Option<u16>,
}

pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    allow_connections();
    paths::make_router_directory(&options.state_dir)
        .with_context(|| format!("making {}", paths::router(&options.state_dir).display()))?;
    let mut settings = windlass_router::Settings::new(
        options.listen,
        paths::route_table(&options.state_dir),
        paths::router_socket(&options.state_dir),
    );
    if let (Some(certificates), false) = (options.certificates, options.tls_listen.is_empty()) {
        settings.tls = Some(TlsSettings {
            redirect_to: options.redirect_to_https,
            ..TlsSettings::new(options.tls_listen, certificates)
        });
    }
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
