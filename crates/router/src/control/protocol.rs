//! The bodies on the control socket.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) const TABLE: &str = "/table";
pub(super) const DRAIN: &str = "/drain";
pub(super) const STATUS: &str = "/status";

/// The longest drain; longer ones are cut to this, so that a mistaken figure cannot hold a task for ever.
pub(super) const MAX_DRAIN: Duration = Duration::from_hours(1);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub(super) generation: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DrainOrder {
    pub(super) upstreams: Vec<SocketAddr>,
    pub(super) deadline_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) message: String,
    /// With 409: the generation in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) in_force: Option<u64>,
}
