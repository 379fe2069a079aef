//! The engine contract on Docker Engine (API 1.41 and later), over its Unix socket.
//!
//! What it decides beyond the contract:
//! - A container is ours when it carries the installation's label *and* a label with its own name: labels of
//!   an image are inherited by every container of it, so the installation's alone proves nothing.
//! - A container without networks gets none at all, rather than Docker's shared bridge.
//! - Swap is never given. File systems stay writable, as images expect, and `/dev/shm` grows with the memory.
//! - No setuid program gains rights (`no-new-privileges`), and the capabilities NET_RAW, MKNOD and SETFCAP are
//!   dropped. CHOWN, SETUID, SETGID and the like stay: entry points of databases need them.
//! - `docker-init` is process 1, so that signals end programs that do not care for them and zombies are
//!   reaped; not for images that bring an init of their own.
//! - Environments reach each other at no time, also not while Docker rewrites its own rules: see `isolation`.
//! - A build may pull what its Dockerfile's `FROM` names: the classic builder knows no way to forbid it.
//! - `exec` that times out leaves its command running: Docker cannot end it.
//! - The anonymous volumes that Docker makes where an image says `VOLUME` go with their container, but not when
//!   the workload has mounts: those are servers of services, and a volume that nobody expected may hold their
//!   data. It stays then, and the log names it.
//!
//! A container with restart `Always` that is `Exited` was stopped on purpose: after a crash it is `Restarting`.

// Here for its features only: they keep request bodies, and so secrets, out of every log.
use log as _;

mod build;
mod connection;
mod containers;
mod engine;
mod events;
mod exec;
mod failure;
mod images;
mod isolation;
mod logs;
mod names;
mod networks;
mod observing;
mod pipe;
mod run;
mod settings;
mod spec;
mod usage;
mod volumes;

use std::fmt;
use std::sync::Arc;

use connection::Connection;
pub use settings::{DockerSettings, Timeouts};
use windlass_engine::{Engine, Error};

/// The Docker Engine of a machine. Clones are handles of the same connection.
#[derive(Clone)]
pub struct DockerEngine {
    settings: Arc<DockerSettings>,
    connection: Arc<Connection>,
}

impl DockerEngine {
    /// Speaks to nobody yet: the first call connects, so the server starts while Docker is down.
    pub fn new(settings: DockerSettings) -> Self {
        let connection = Arc::new(Connection::new(settings.socket.clone()));
        Self {
            settings: Arc::new(settings),
            connection,
        }
    }

    /// The same, and checks that Docker answers.
    pub async fn connect(settings: DockerSettings) -> Result<Self, Error> {
        let engine = Self::new(settings);
        engine.ping().await?;
        Ok(engine)
    }
}

impl fmt::Debug for DockerEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerEngine")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_request_body_can_be_logged() {
        // bollard logs bodies, and with them the values of variables, at debug and below.
        assert!(log::STATIC_MAX_LEVEL <= log::LevelFilter::Info);
    }
}
