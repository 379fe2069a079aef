//! The connection: made when first needed, with the newest version of the API that both sides know.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::Mutex;
use tokio::time::Instant;
use windlass_engine::Error;

use crate::failure::Failure;
use crate::{DockerEngine, isolation};

/// bollard's own time-out: beyond every one of ours, so that ours decide.
const BEYOND_ALL: Duration = Duration::from_hours(48);

pub(crate) struct Connection {
    socket: PathBuf,
    client: Mutex<Option<Client>>,
    /// Docker lets two networks have one name when they are made at once; so one is made at a time.
    pub(crate) making_networks: Mutex<()>,
    /// Two callers that both find a job unstarted would run it twice; so one looks and starts at a time.
    pub(crate) starting_runs: Mutex<()>,
}

/// A client that knows Docker's version, and what the machine has.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) docker: Docker,
    pub(crate) version: String,
    /// The machine's processors: Docker refuses a container that asks for more.
    pub(crate) processors: i64,
}

impl Connection {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            client: Mutex::new(None),
            making_networks: Mutex::new(()),
            starting_runs: Mutex::new(()),
        }
    }
}

impl DockerEngine {
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        let mut client = self.connection.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let new = self.negotiate().await?;
        *client = Some(new.clone());
        Ok(new)
    }

    /// Asks Docker for its version anew: it may have been upgraded since.
    pub(crate) async fn reconnect(&self) -> Result<Client, Error> {
        let new = self.negotiate().await?;
        *self.connection.client.lock().await = Some(new.clone());
        Ok(new)
    }

    async fn negotiate(&self) -> Result<Client, Error> {
        // Docker brings networks and containers back by itself after a restart of the machine, and the
        // first thing that the server does is connect.
        if let Some(pool) = &self.settings.isolated_subnets {
            isolation::ensure(pool).await?;
        }
        let doing = "connecting to Docker";
        let negotiating = async {
            let path = self.connection.socket.to_string_lossy();
            let docker =
                Docker::connect_with_unix(&path, BEYOND_ALL.as_secs(), API_DEFAULT_VERSION)?;
            let docker = docker.negotiate_version().await?;
            let info = docker.info().await?;
            let version = info.server_version.unwrap_or_default();
            Ok(Client {
                version: format!("Docker Engine {version} (API {})", docker.client_version()),
                processors: info.ncpu.unwrap_or(1),
                docker,
            })
        };
        Ok(bounded(doing, self.settings.timeouts.look_up, negotiating).await?)
    }

    /// A call that only looks.
    pub(crate) async fn look<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, Failure> {
        bounded(doing, self.settings.timeouts.look_up, call).await
    }

    /// A call that changes something.
    pub(crate) async fn change<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, Failure> {
        bounded(doing, self.settings.timeouts.change, call).await
    }
}

pub(crate) async fn bounded<T>(
    doing: &str,
    limit: Duration,
    call: impl Future<Output = Result<T, bollard::errors::Error>>,
) -> Result<T, Failure> {
    let start = Instant::now();
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| Failure::new(doing, start.elapsed(), error)),
        Err(_) => Err(Failure::Other(Error::NoAnswer {
            doing: doing.to_owned(),
            after: limit,
        })),
    }
}
