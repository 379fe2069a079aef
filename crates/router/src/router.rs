//! The router as a whole: bound, served, stopped.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::server::{self, Control};
use crate::control::socket::ControlSocket;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::listener::listen_for_workers;
use crate::settings::Settings;
use crate::table_file;
use crate::tls::Certificates;
use crate::worker::{Listening, Worker};

/// How many tasks a worker runs before it asks the kernel again what has come. All that came at once should
/// be done by then: asked sooner (after 61 by default), answers that are ready wait behind new requests.
const TASKS_A_ROUND: u32 = 256;

/// A router that listens and has read its table, but does not answer yet.
#[derive(Debug)]
pub struct Router {
    fleet: Arc<Fleet>,
    addresses: Vec<SocketAddr>,
    tls_addresses: Vec<SocketAddr>,
    listeners: Vec<Vec<Listening>>,
    certificates: Option<(Arc<Certificates>, Duration)>,
    control: ControlSocket,
    table: std::path::PathBuf,
}

/// Runs a router until the token is cancelled; then it stops accepting and finishes what is in flight,
/// up to the deadline of the settings.
///
/// The signal handlers, the log and the global allocator are the binary's.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), Error> {
    Router::bind(settings)?.serve(stop).await
}

impl Router {
    /// Takes the addresses and the control socket, and reads the table and the certificates.
    ///
    /// Certificates that cannot be used are no error either, only a directory that cannot be read.
    /// A damaged table is no error: the router says so in its log and its status, answers 503, and
    /// waits for a good one on the control socket. Must be called within a tokio runtime.
    pub fn bind(settings: Settings) -> Result<Self, Error> {
        let tls = settings.tls.as_ref();
        let tls_listen = tls.map_or(&[][..], |tls| &tls.listen);
        if settings.listen.is_empty() && tls_listen.is_empty() {
            return Err(Error::NoAddress);
        }
        let certificates = tls
            .map(|tls| {
                Ok((
                    Arc::new(Certificates::read(&tls.certificates)?),
                    tls.look_every,
                ))
            })
            .transpose()?;
        let shown = certificates.as_ref().map(|(shown, _)| shown);
        let count = settings
            .workers
            .or_else(|| thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        // Before the table is read: a publication between the two either reaches the socket, or was
        // on disk before the table is read.
        let control = ControlSocket::bind(&settings.control_socket)?;
        let (addresses, plain) = listen_for_workers(&settings.listen, count)?;
        let (tls_addresses, encrypted) = listen_for_workers(tls_listen, count)?;
        let listeners = plain.into_iter().zip(encrypted);
        let listeners = listeners
            .map(|(plain, encrypted)| {
                let plain = plain.into_iter().map(|listener| (listener, None));
                let encrypted = encrypted.into_iter();
                let encrypted = encrypted.map(|listener| (listener, shown.cloned()));
                plain.chain(encrypted).collect()
            })
            .collect();
        let workers = (0..count)
            .map(|_| Arc::new(Worker::new(&settings, shown, count)))
            .collect();
        let fleet = Arc::new(Fleet::new(workers));
        match table_file::read(&settings.table) {
            Ok(Some(table)) => {
                fleet.publish(table);
            }
            Ok(None) => tracing::info!(
                path = %settings.table.display(),
                "no route table yet: every host is unknown until the server publishes one"
            ),
            Err(error) => {
                tracing::error!(
                    %error,
                    "the router answers 503 for every host until the server publishes a route table; start or restart the server"
                );
                fleet.set_fault(error.to_string());
            }
        }
        Ok(Self {
            fleet,
            addresses,
            tls_addresses,
            listeners,
            certificates,
            control,
            table: settings.table,
        })
    }

    /// Where clients can connect without encryption, with the real ports.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where clients can connect by TLS, with the real ports.
    pub fn tls_addresses(&self) -> &[SocketAddr] {
        &self.tls_addresses
    }

    /// Its workers.
    #[cfg(test)]
    pub(crate) fn fleet(&self) -> Arc<Fleet> {
        Arc::clone(&self.fleet)
    }

    /// Serves until the token is cancelled, see [`run`].
    pub async fn serve(self, stop: CancellationToken) -> Result<(), Error> {
        let mut ends = JoinSet::new();
        for (index, (worker, listeners)) in
            self.fleet.workers().iter().zip(self.listeners).enumerate()
        {
            match start_worker(
                index,
                Arc::clone(worker),
                listeners,
                Arc::clone(&self.fleet),
            ) {
                Ok(end) => ends.spawn(end),
                Err(error) => {
                    self.fleet.workers().iter().for_each(|worker| worker.stop());
                    return Err(error);
                }
            };
        }
        let following = self
            .certificates
            .map(|(certificates, every)| tokio::spawn(certificates.follow(every)));
        tracing::info!(addresses = ?self.addresses, tls_addresses = ?self.tls_addresses, workers = ends.len(), "router is serving");
        let control = Arc::new(Control {
            fleet: Arc::clone(&self.fleet),
            table: self.table,
            publishing: tokio::sync::Mutex::default(),
        });
        let control_tasks = TaskTracker::new();
        let lost = tokio::select! {
            () = stop.cancelled() => None,
            Some(end) = ends.join_next() => Some(result_of(end)),
            () = server::serve(control, &self.control.listener, &control_tasks) => None,
        };
        // The socket goes first, so that the next router can start while this one finishes.
        drop(self.control);
        if let Some(following) = following {
            following.abort();
        }
        for worker in self.fleet.workers() {
            worker.stop();
        }
        tracing::info!("router stops: requests in flight are finished first");
        let mut result = lost.map_or(Ok(()), |end| end.and(Err(Error::WorkerLost)));
        while let Some(end) = ends.join_next().await {
            result = result.and(result_of(end));
        }
        result
    }
}

type End = oneshot::Receiver<io::Result<()>>;

fn start_worker(
    index: usize,
    worker: Arc<Worker>,
    listeners: Vec<Listening>,
    fleet: Arc<Fleet>,
) -> Result<End, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(TASKS_A_ROUND)
        .build()
        .map_err(Error::Worker)?;
    worker.runtime.get_or_init(|| runtime.handle().clone());
    let (ended, end) = oneshot::channel();
    thread::Builder::new()
        .name(format!("router-{index}"))
        .spawn(move || {
            let result = runtime.block_on(worker.serve(listeners, fleet));
            drop(runtime);
            // Nobody waits when the router gave up meanwhile.
            let _ = ended.send(result);
        })
        .map_err(Error::Worker)?;
    Ok(end)
}

fn result_of(
    end: Result<Result<io::Result<()>, oneshot::error::RecvError>, JoinError>,
) -> Result<(), Error> {
    match end {
        Ok(Ok(result)) => result.map_err(Error::Worker),
        Ok(Err(_)) | Err(_) => Err(Error::WorkerLost),
    }
}
