//! The file of a type.

use serde::Deserialize;

/// A type of service, as its file says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceType {
    /// The name of its driver, and of the type: `postgres`.
    pub driver: String,
    /// Its name for people: `PostgreSQL`.
    pub name: String,
    /// The kind on the wire: `DATABASE`, `STORAGE`, `CACHE`, `SEARCH`, `QUEUE`. Prefixes are unique by it.
    pub kind: String,
    /// Connections that an instance may have.
    pub connections: u32,
    /// What can be run; the first is what the type's name alone means.
    #[serde(rename = "version")]
    pub versions: Vec<Version>,
    /// How it can be had.
    #[serde(rename = "plan")]
    pub plans: Vec<Plan>,
}

/// A version of a type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// As the driver knows it: `15`.
    pub number: String,
    /// The image of its server; without one, what the driver says.
    pub image: Option<String>,
}

/// A plan of a type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The last part of the service's identifier: `shared`, `private`, `private-medium`.
    pub name: String,
    /// Its name for people: `shared cluster`.
    pub title: String,
    /// What one gets, for people.
    pub description: String,
    /// Whether instances share a server; otherwise each has its own.
    #[serde(default)]
    pub shared: bool,
    /// The memory of a server, in MiB.
    pub memory_mib: u32,
    /// The processor time of a server, in thousandths of a core.
    pub cpu_millis: u32,
    /// What an instance may store, in GiB, where the type's server can hold it to that.
    pub storage_gib: Option<u32>,
}
