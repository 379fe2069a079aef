//! What an engine sees: observed, never desired.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::image::ImageId;
use crate::labels::Labels;

/// Where a container is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Made, not started.
    Created,
    /// Running.
    Running,
    /// Ended, and the engine will start it again.
    Restarting,
    /// Ended.
    Exited {
        /// The exit code.
        code: i64,
    },
    /// The engine cannot say.
    Unknown,
}

/// One container as the engine sees it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The container's name.
    pub name: String,
    /// Its image.
    pub image: ImageId,
    /// Its phase.
    pub phase: Phase,
    /// What its own health check says; `None` without one or before the first result.
    pub healthy: Option<bool>,
    /// Its addresses by network, as reachable from the machine of the server.
    pub addresses: Vec<(String, IpAddr)>,
    /// How often the engine has restarted it.
    pub restarts: u64,
    /// Whether the kernel killed a process of its last run for memory. `true` is certain; an engine may
    /// miss the kill of a container's last process (Docker does now and then).
    pub out_of_memory: bool,
    /// The ports that its image exposes (TCP), lowest first.
    pub exposed_ports: Vec<u16>,
    /// Its labels.
    pub labels: Labels,
}

impl Observation {
    /// Its address in that network.
    pub fn address(&self, network: &str) -> Option<IpAddr> {
        self.addresses
            .iter()
            .find(|(name, _)| name == network)
            .map(|(_, address)| *address)
    }
}

/// Something changed with a container; a hint to observe again, never a fact to act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// The container's name.
    pub name: String,
    /// Its labels, as far as the engine gives them.
    pub labels: Labels,
    /// `start`, `die`, `oom`, `health_status`, `destroy`, ...
    pub action: String,
}

/// What a container uses now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Memory in bytes, without the page cache.
    pub memory_bytes: u64,
    /// The limit in bytes.
    pub memory_limit_bytes: u64,
    /// CPU time used since the start, in nanoseconds.
    pub cpu_nanos: u64,
    /// Received bytes on all networks.
    pub received_bytes: u64,
    /// Sent bytes on all networks.
    pub sent_bytes: u64,
}
