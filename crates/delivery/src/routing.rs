//! The contract between deployments and the router: the route table, and the three things that a
//! deployment asks of the router (publish, drain, status).

mod error;
mod simulated;
mod table;

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use error::{Effect, Error};
pub use simulated::SimulatedRouter;
pub use table::{InvalidTable, MAX_TABLE_BYTES, OwnRoute, Route, RouteTable};

/// The router as the server sees it.
///
/// - `publish` MUST be atomic: after an error without effect ([`Error::effect`]) the table of before is
///   in force, on disk and in the router.
/// - `publish` of the table in force is a success, so that a resumed operation can repeat it.
/// - `publish` of an older generation, or of another table under the generation in force, MUST be
///   refused with [`Error::Stale`]: two deployments that end at once must not undo each other's switch.
/// - A router that is not running is no error anywhere: it reads the table when it starts.
#[async_trait]
pub trait RouterControl: Send + Sync {
    /// Makes the table the one in force: on disk first, then in the running router. When this returns
    /// [`Published::InForce`], no request that begins from now on goes to an upstream that the table
    /// does not name.
    async fn publish(&self, table: &RouteTable) -> Result<Published, Error>;

    /// The table that was published last, by this process or an earlier one; an empty one when there is none or it is
    /// damaged.
    async fn table(&self) -> Result<RouteTable, Error>;

    /// Waits until no request (an open WebSocket counts as one) is in flight to these upstreams, or
    /// until the deadline. Publish a table without them first, or new requests go on arriving.
    async fn drain(&self, upstreams: &[SocketAddr], deadline: Duration) -> Result<Drained, Error>;

    /// What the router is doing now.
    async fn status(&self) -> Result<RouterState, Error>;
}

/// What a successful publication reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The table is on disk, and every request from now on follows it.
    InForce,
    /// The table is on disk; no router is running, and the next one to start reads it.
    RouterAbsent,
}

/// The end of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// Requests that were still in flight at the deadline; 0 when the drain was complete.
    pub in_flight: u64,
}

impl Drained {
    /// Whether nothing is in flight any more, so that the containers behind can be stopped.
    pub fn is_complete(self) -> bool {
        self.in_flight == 0
    }
}

/// The router as observed. Not being able to tell is an [`Error`], never `Absent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterState {
    /// No router listens on the control socket.
    Absent,
    /// A router answered.
    Running(RouterStatus),
}

/// What a running router says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterStatus {
    /// Generation of the table in force; 0 when it has none.
    pub generation: u64,
    /// Routes in force.
    pub routes: u64,
    /// Client connections open now.
    pub connections: u64,
    /// Requests in flight now, open WebSockets included.
    pub in_flight: u64,
    /// Why the router serves 503 for everything: the table file could not be used at its start.
    pub fault: Option<String>,
    /// The router's version.
    pub version: String,
}
