//! The HTTP data plane, a process of its own: it routes requests by host to the containers of the
//! running releases, and goes on doing so while the server is down.
//!
//! - One `current_thread` runtime per core with its own listeners (`SO_REUSEPORT`), its own snapshot of
//!   the route table and its own pool of upstream connections: the request path shares nothing. New
//!   connections are shared out evenly.
//! - The table comes over a control socket ([`control::SocketControl`] is the client) and from the file
//!   that the last publication left, and is swapped whole.
//! - TLS ends here, with certificates from a directory that is read again when its files change.
//! - Requests and responses are streamed; nothing is buffered but heads.

mod accept;
mod body;
mod connection;
pub mod control;
mod error;
mod exchange;
mod fleet;
mod headers;
mod host;
mod listener;
mod pages;
mod patience;
mod proxy;
mod redirect;
mod router;
mod settings;
mod snapshot;
mod socket;
mod table_file;
mod tls;
mod tunnel;
mod upstream;
mod worker;

pub use error::Error;
pub use router::{Router, run};
pub use settings::{Settings, Timeouts, TlsSettings};
