//! One worker: a thread with a `current_thread` runtime, its listeners and its connections.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper::server::conn::http1;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use windlass_delivery::routing::RouteTable;

use crate::accept::Acceptor;
use crate::fleet::Fleet;
use crate::patience::Clock;
use crate::redirect::Redirect;
use crate::settings::{Settings, Timeouts};
use crate::snapshot::{Choice, Snapshot};
use crate::tls::Certificates;
use crate::upstream::Upstream;

/// Room for large cookies and tokens; nginx ends at 32 KiB, most application servers before.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// A listener of one worker, with what it shows clients if it speaks TLS.
pub(crate) type Listening = (StdListener, Option<Arc<Certificates>>);

/// How often connections unused for too long are closed.
const REAP_EVERY: Duration = Duration::from_secs(5);

/// A worker's state. Its own thread uses it on the request path; the publisher replaces the snapshot.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) timeouts: Timeouts,
    pub(crate) clock: Arc<Clock>,
    pub(crate) tasks: TaskTracker,
    /// Where its tasks run, from the start of its thread on.
    pub(crate) runtime: OnceLock<Handle>,
    snapshot: ArcSwap<Snapshot>,
    /// Upstreams that left the table and may still have requests in flight.
    retired: Mutex<Vec<Arc<Upstream>>>,
    connections: AtomicU64,
    max_connections: usize,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Where plain requests go that should come by TLS.
    pub(crate) redirect: Option<Redirect>,
    pub(crate) stop: CancellationToken,
    /// Says the same as `stop` without its lock; set first.
    is_stopping: AtomicBool,
}

impl Worker {
    pub(crate) fn new(
        settings: &Settings,
        certificates: Option<&Arc<Certificates>>,
        workers: usize,
    ) -> Self {
        let redirect = settings.tls.as_ref().and_then(|tls| {
            let certificates = Arc::clone(certificates?);
            Some(Redirect::new(tls.redirect_to?, certificates))
        });
        Self {
            timeouts: settings.timeouts,
            clock: Arc::new(Clock::new(&settings.timeouts)),
            tasks: TaskTracker::new(),
            runtime: OnceLock::new(),
            snapshot: ArcSwap::default(),
            retired: Mutex::default(),
            connections: AtomicU64::new(0),
            max_connections: settings.max_connections.div_ceil(workers).max(1),
            trusted_proxies: settings.trusted_proxies.clone(),
            redirect,
            stop: CancellationToken::new(),
            is_stopping: AtomicBool::new(false),
        }
    }

    pub(crate) fn choose(&self, host: &str, avoid: Option<SocketAddr>) -> Choice {
        loop {
            // Retirement comes after the new snapshot, so the next look finds that one.
            if let Some(choice) = self.snapshot.load().choose(host, avoid) {
                return choice;
            }
        }
    }

    /// Puts a table into force here; called by one publisher at a time.
    pub(crate) fn replace_table(&self, table: &RouteTable) {
        let previous = self.snapshot.load_full();
        let next = Arc::new(Snapshot::of(table, &previous));
        let kept = next.upstreams();
        self.snapshot.store(next);
        let mut retired = self.retired();
        retired.retain(|upstream| upstream.in_flight() > 0);
        for (address, upstream) in previous.upstreams() {
            if !kept.contains_key(&address) {
                upstream.retire();
                retired.push(upstream);
            }
        }
    }

    pub(crate) fn set_fault(&self) {
        self.snapshot.store(Arc::new(Snapshot::fault()));
    }

    /// Adds this worker's requests in flight, by upstream.
    pub(crate) fn count_in_flight(&self, counts: &mut HashMap<SocketAddr, u64>) {
        for (address, upstream) in self.snapshot.load().upstreams() {
            *counts.entry(address).or_default() += upstream.in_flight();
        }
        for upstream in self.retired().iter() {
            *counts.entry(upstream.address).or_default() += upstream.in_flight();
        }
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Counts a client connection in.
    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a client connection out.
    pub(crate) fn connection_closed(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether the stop has begun; cheaper than the token's own answer, and never behind it.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Begins the stop: no new connection, and no further request on a connection.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.stop.cancel();
    }

    /// Serves until [`Worker::stop`], then finishes what is in flight, up to the deadline.
    ///
    /// A connection that it accepts goes to the worker of the fleet that has the fewest.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listeners: Vec<Listening>,
        fleet: Arc<Fleet>,
    ) -> io::Result<()> {
        let permits = Arc::new(Semaphore::new(self.max_connections));
        let mut http = http1::Builder::new();
        // Its own time-out needs a timer for each request; ours does not.
        http.header_read_timeout(None)
            .max_header_size(MAX_HEADER_BYTES);
        let acceptors = TaskTracker::new();
        for (listener, certificates) in listeners {
            let listener = TcpListener::from_std(listener)?;
            let acceptor = Acceptor {
                worker: Arc::clone(&self),
                fleet: Arc::clone(&fleet),
                permits: Arc::clone(&permits),
                http: http.clone(),
                certificates,
            };
            acceptors.spawn(acceptor.run(listener));
        }
        let reaper = tokio::spawn(Arc::clone(&self).reap());
        let clock = Arc::clone(&self.clock);
        let ticking = tokio::spawn(async move { clock.run().await });
        self.stop.cancelled().await;
        acceptors.close();
        acceptors.wait().await;
        reaper.abort();
        self.tasks.close();
        if tokio::time::timeout(self.timeouts.shutdown, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = self.tasks.len(),
                after_s = self.timeouts.shutdown.as_secs(),
                "requests in flight are cut off: the time to finish them is over"
            );
        }
        ticking.abort();
        Ok(())
    }

    async fn reap(self: Arc<Self>) {
        let mut tick = tokio::time::interval(REAP_EVERY.min(self.timeouts.pool_idle));
        loop {
            tick.tick().await;
            for upstream in self.snapshot.load_full().upstreams().values() {
                upstream.reap(self.timeouts.pool_idle);
            }
        }
    }

    fn retired(&self) -> MutexGuard<'_, Vec<Arc<Upstream>>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
