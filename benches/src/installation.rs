//! The server and the router that are measured.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::api::Api;
use crate::daemon::{Daemon, free_port};

/// A running installation with a state directory of its own.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) api: Api,
    /// Where sites are served.
    pub(crate) sites: SocketAddr,
    pub(crate) server: Daemon,
    pub(crate) router: Daemon,
    /// The value of the label on everything that it makes.
    pub(crate) id: String,
}

impl Installation {
    pub(crate) fn start(windlass: &Path, work: &Path) -> Result<Self> {
        let state = work.join("state");
        let api = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let sites = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        // Below the pools of servers with the default and of the tests, which may run on the same Docker.
        let pool = format!("10.{}.0.0/16", 192 + std::process::id() % 16);
        let mut command = Command::new(windlass);
        command.arg("server").arg("--state-dir").arg(&state);
        command.args(["--listen", &api.to_string(), "--subnet-pool", &pool]);
        command.args(["--router-port", &sites.port().to_string()]);
        let server = Daemon::start(work, "server", command, api)?;
        let router = start_router(windlass, work, "router", &state, sites)?;
        let read = |name: &str| {
            let path = state.join(name);
            let text =
                fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            anyhow::Ok(text.trim().to_owned())
        };
        Ok(Self {
            api: Api::new(api, read("admin-token")?),
            sites,
            server,
            router,
            id: read("installation-id")?,
        })
    }
}

/// Starts a router on a state directory.
pub(crate) fn start_router(
    windlass: &Path,
    work: &Path,
    name: &str,
    state: &Path,
    listen: SocketAddr,
) -> Result<Daemon> {
    let mut command = Command::new(windlass);
    command
        .arg("router")
        .arg("--state-dir")
        .arg(state)
        .args(["--listen", &listen.to_string()]);
    Daemon::start(work, name, command, listen)
}
