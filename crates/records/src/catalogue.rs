//! Regions, services and clusters.

use serde::{Deserialize, Serialize};
use windlass_model::id::{ClusterId, InstanceId, RegionId, SecretId, ServiceId};
use windlass_model::names::RegionSlug;
use windlass_model::time::Timestamp;

/// A region: an engine and what is offered there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its id.
    pub id: RegionId,
    /// Its name.
    pub slug: RegionSlug,
    /// Its name for people.
    pub name: String,
    /// `docker`, `simulated`.
    pub engine: String,
    /// The domain under which its sites are served.
    pub domain: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A service: an entry of the catalogue in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The region.
    pub region: RegionId,
    /// Its name for machines, unique in the region: `postgres-15-shared`.
    pub identifier: String,
    /// Its name for people.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// The driver: `postgres`.
    pub driver: String,
    /// The kind on the wire: `DATABASE`, `STORAGE`, `CACHE`, `SEARCH`, `QUEUE`. Prefixes are unique per kind.
    pub kind: String,
    /// The version: `15`.
    pub version: String,
    /// The plan: `shared`, `private-medium`.
    pub plan: String,
    /// The image of its servers, if not what the driver says.
    pub image: Option<String>,
    /// Whether its instances share a cluster (`false`: a private one each).
    pub shared: bool,
    /// The memory of a private cluster, in bytes.
    pub memory_bytes: i64,
    /// The CPU of a private cluster, in thousandths of a core.
    pub cpu_millis: i64,
    /// What an instance may store, in bytes, where the type's server can hold it to that.
    pub storage_bytes: Option<i64>,
    /// Connections that an instance may have.
    pub connection_limit: u32,
    /// Its place among the services of its driver: of several that a name can mean, the first is taken.
    pub rank: u32,
    /// Whether new instances can be added.
    pub offered: bool,
}

/// Who runs a cluster's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// The operator; Windlass has an administrator's URL.
    External,
    /// Windlass, for all instances of a service in a region.
    Shared,
    /// Windlass, for one instance.
    Private,
}

/// Whether a cluster can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterState {
    /// Recorded; its server may not exist yet.
    New,
    /// Its server is there and prepared.
    Ready,
    /// Its server and data are gone; kept as a record.
    Removed,
}

/// A cluster: a running server that holds instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// The region.
    pub region: RegionId,
    /// The service that it serves.
    pub service: ServiceId,
    /// Who runs it.
    pub kind: ClusterKind,
    /// The only instance of a private one.
    pub instance: Option<InstanceId>,
    /// Where an external one is: host and port as the server and the applications reach it.
    pub host: Option<String>,
    /// The port of an external one.
    pub port: Option<u16>,
    /// The port of an external one's administration, where its type has another for that and the operator says so.
    pub administration_port: Option<u16>,
    /// The administrator's user name.
    pub administrator: String,
    /// The administrator's password.
    pub password: SecretId,
    /// The administrator's database, where the type has such.
    pub database: Option<String>,
    /// What only its type's driver understands.
    pub settings: Option<serde_json::Value>,
    /// The number of the subnet of its own network, for one that Windlass runs.
    pub subnet: Option<u32>,
    /// Whether it can be used.
    pub state: ClusterState,
    /// When it was recorded.
    pub created_at: Timestamp,
}
