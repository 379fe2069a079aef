//! One upstream as one worker sees it: its requests in flight and its kept connections.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::body::RequestBody;
use crate::socket::Socket;

pub(crate) type Sender = SendRequest<RequestBody>;

/// Unused connections kept for each upstream by each worker. More than this only follows a burst.
const MAX_IDLE: usize = 256;

/// After a failed connect, other upstreams of the route are preferred for this long.
const SUSPENSION: Duration = Duration::from_secs(1);

/// A container that vanished without a word (its network was removed) is noticed after about
/// 30 + 3 x 10 s, also by streams that may be silent for hours.
pub(crate) fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3)
}

/// An upstream of one worker. Only that worker sends to it; the publisher retires and counts it.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// No longer in the table: takes no new request and keeps no connection.
    retired: AtomicBool,
    in_flight: AtomicU64,
    idle: Mutex<Vec<Idle>>,
    suspended_until: Mutex<Option<Instant>>,
    /// Mirrors `suspended_until`, so that the usual case takes no lock.
    is_suspended: AtomicBool,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: Instant,
}

impl Upstream {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            retired: AtomicBool::new(false),
            in_flight: AtomicU64::new(0),
            idle: Mutex::default(),
            suspended_until: Mutex::default(),
            is_suspended: AtomicBool::new(false),
        }
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Ends new requests and drops the kept connections. The table without this upstream must be in
    /// force already: a request that finds its upstream retired looks there again.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        self.idle().clear();
    }

    /// The most recently used connection that is alive and was not unused for longer than `max_age`.
    pub(crate) fn check_out(&self, max_age: Duration) -> Option<Sender> {
        let mut idle = self.idle();
        while let Some(candidate) = idle.pop() {
            if candidate.since.elapsed() > max_age {
                // Put back for requests that may use an older one; those below are older still.
                idle.push(candidate);
                return None;
            }
            if candidate.sender.is_ready() {
                return Some(candidate.sender);
            }
        }
        None
    }

    /// Keeps a connection for the next request.
    pub(crate) fn check_in(&self, sender: Sender) {
        let mut idle = self.idle();
        // Under the lock, so that `retire` either is seen here or clears what is pushed here.
        if !self.retired.load(Ordering::SeqCst) && idle.len() < MAX_IDLE {
            idle.push(Idle {
                sender,
                since: Instant::now(),
            });
        }
    }

    /// Drops connections that are closed or were unused for longer than `max_age`.
    pub(crate) fn reap(&self, max_age: Duration) {
        self.idle()
            .retain(|kept| kept.since.elapsed() <= max_age && kept.sender.is_ready());
    }

    /// Prefers other upstreams for a while.
    pub(crate) fn suspend(&self) {
        *lock(&self.suspended_until) = Some(Instant::now() + SUSPENSION);
        self.is_suspended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_suspended(&self) -> bool {
        if !self.is_suspended.load(Ordering::Relaxed) {
            return false;
        }
        let goes_on = lock(&self.suspended_until).is_some_and(|until| Instant::now() < until);
        self.is_suspended.store(goes_on, Ordering::Relaxed);
        goes_on
    }

    /// Opens a connection; its task runs on this worker's runtime.
    pub(crate) async fn connect(&self, time_out: Duration) -> io::Result<Sender> {
        let stream = tokio::time::timeout(time_out, TcpStream::connect(self.address))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_keepalive(&keepalive())?;
        let (sender, connection) = http1::handshake(TokioIo::new(Socket::of_upstream(stream)))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(async move {
            // Its errors reach the request that they concern; without one they concern nobody.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        lock(&self.idle)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request in flight to an upstream, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Upstream>);

impl InFlight {
    /// Counts a request, unless the upstream is retired.
    ///
    /// Counting comes before looking, and `retire` comes before a drain counts, all `SeqCst`: either
    /// this sees the retirement, or the drain sees the request.
    pub(crate) fn begin(upstream: &Arc<Upstream>) -> Option<Self> {
        upstream.in_flight.fetch_add(1, Ordering::SeqCst);
        let counted = Self(Arc::clone(upstream));
        (!upstream.retired.load(Ordering::SeqCst)).then_some(counted)
    }

    pub(crate) fn upstream(&self) -> &Arc<Upstream> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
