//! What a router is told at its start.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Enough for the containers of one machine; each takes two file descriptors and some 20 kB.
const MAX_CONNECTIONS: usize = 10_000;

/// Soon enough after a renewal, which comes weeks before the old certificate's end, and nothing of a load: two calls
/// to the kernel for each file.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Settings of one router process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients connect without encryption. Port 0 takes a free one, see [`crate::Router::addresses`].
    pub listen: Vec<SocketAddr>,
    /// The route table's file.
    pub table: PathBuf,
    /// The control socket; made with mode 0600. A lock file is made beside it.
    pub control_socket: PathBuf,
    /// Runtimes, one thread each; none means one for each core.
    pub workers: Option<NonZeroUsize>,
    /// Client connections open at once; further ones wait in the listen queue.
    pub max_connections: usize,
    /// Peers whose `X-Forwarded-*` headers are believed, such as a TLS terminator in front.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where clients connect by TLS, if anywhere.
    pub tls: Option<TlsSettings>,
    /// How long things may take.
    pub timeouts: Timeouts,
}

/// Settings of the encrypted side.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Where clients connect. Port 0 takes a free one, see [`crate::Router::tls_addresses`].
    pub listen: Vec<SocketAddr>,
    /// A directory with pairs of files in PEM: `NAME.crt`, the certificate with its chain, and `NAME.key`. Hosts are
    /// found inside the certificates; the pair `default` is also for clients that name no host that is found.
    pub certificates: PathBuf,
    /// How often the files are looked at.
    pub look_every: Duration,
    /// Plain requests for hosts with a certificate are sent to HTTPS at this port.
    pub redirect_to: Option<u16>,
}

impl TlsSettings {
    /// Settings with the defaults for everything but the places.
    pub fn new(listen: Vec<SocketAddr>, certificates: PathBuf) -> Self {
        Self {
            listen,
            certificates,
            look_every: LOOK_EVERY,
            redirect_to: None,
        }
    }
}

impl Settings {
    /// Settings with the defaults for everything but the places.
    pub fn new(listen: Vec<SocketAddr>, table: PathBuf, control_socket: PathBuf) -> Self {
        Self {
            listen,
            table,
            control_socket,
            workers: None,
            max_connections: MAX_CONNECTIONS,
            trusted_proxies: Vec::new(),
            tls: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// Every time-out of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a client's TLS handshake is done. Two round trips and a signature; 10 s are enough for a phone that
    /// loses packets, and bound what a client gains that connects and says nothing.
    pub handshake: Duration,
    /// Until a connection to an upstream stands. A healthy container on a bridge accepts within a
    /// millisecond; 3 s outlast one lost SYN, which is sent again after 1 s.
    pub connect: Duration,
    /// Until an upstream begins to answer, counted from the last byte of the request that moved.
    /// 60 s is what nginx grants and what applications with slow pages are tuned to.
    pub response_header: Duration,
    /// Until a client has sent a whole request head, counted from the connection's start or the end
    /// of the last response, so it also ends idle connections. 60 s outlast the pauses of browsers and
    /// health checkers, and bound what a client gains that sends one byte a minute.
    pub request_header: Duration,
    /// How long an unused upstream connection is kept.
    pub pool_idle: Duration,
    /// How long an idle connection stays open when the router stops, so that a request that is on its
    /// way is answered and not reset. 1 s is several round trips around the world.
    pub last_call: Duration,
    /// How long requests in flight may go on when the router stops, the last call included.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            connect: Duration::from_secs(3),
            response_header: Duration::from_mins(1),
            request_header: Duration::from_mins(1),
            pool_idle: Duration::from_secs(30),
            last_call: Duration::from_secs(1),
            shutdown: Duration::from_secs(30),
        }
    }
}
