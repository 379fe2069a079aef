//! Why a router does not start or stops by itself.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A router that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings name no address.
    #[error("the router was given no address to listen on")]
    NoAddress,
    /// An address cannot be listened on.
    #[error(
        "the router cannot listen on {address}; is another web server running there, or is the port below 1024 and this user not allowed to use it?"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The directory of certificates cannot be read.
    #[error(
        "the router cannot read the directory of certificates {}; make it, and let the router's user read it",
        path.display()
    )]
    Certificates {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// TLS cannot be set up at all.
    #[error("the router cannot set up TLS")]
    Tls(#[source] tokio_rustls::rustls::Error),
    /// The control socket cannot be made.
    #[error(
        "the router cannot make its control socket {}; its directory must exist and be writable, and the path shorter than 100 characters",
        path.display()
    )]
    ControlSocket {
        /// The socket's path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Another router has the control socket.
    #[error("a router is running already with the control socket {}", path.display())]
    AlreadyRunning {
        /// The socket's path.
        path: PathBuf,
    },
    /// A runtime or its thread cannot be made.
    #[error("the router cannot start a worker thread")]
    Worker(#[source] std::io::Error),
    /// A worker ended by itself; an error in the program.
    #[error("a worker thread of the router ended unexpectedly; see the lines before this one")]
    WorkerLost,
}
