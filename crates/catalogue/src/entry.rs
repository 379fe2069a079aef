//! One version in one plan.

use crate::file::{Plan, ServiceType, Version};

/// What a region can offer: one version of a type in one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name for machines: `postgres-15-shared`.
    pub identifier: String,
    /// Its name for people: `PostgreSQL 15, shared cluster`.
    pub name: String,
    /// What one gets, for people.
    pub description: String,
    /// The type's driver.
    pub driver: String,
    /// The kind on the wire.
    pub kind: String,
    /// The version, as the driver knows it.
    pub version: String,
    /// The name of the plan.
    pub plan: String,
    /// Whether instances share a server.
    pub shared: bool,
    /// The image of the server, if not what the driver says.
    pub image: Option<String>,
    /// The memory of a server, in bytes.
    pub memory_bytes: i64,
    /// The processor time of a server, in thousandths of a core.
    pub cpu_millis: i64,
    /// What an instance may store, in bytes, where the type's server can hold it to that.
    pub storage_bytes: Option<i64>,
    /// Connections that an instance may have.
    pub connections: u32,
    /// Its place among the entries of its type: of several that are meant, the first is taken.
    pub rank: u32,
}

/// The entries of a type: the plans of its first version, then those of the next.
pub(crate) fn of(service: &ServiceType) -> impl Iterator<Item = Entry> + '_ {
    let both = service
        .versions
        .iter()
        .flat_map(|version| service.plans.iter().map(move |plan| (version, plan)));
    (0..)
        .zip(both)
        .map(|(rank, (version, plan))| entry(service, version, plan, rank))
}

fn entry(service: &ServiceType, version: &Version, plan: &Plan, rank: u32) -> Entry {
    Entry {
        identifier: format!("{}-{}-{}", service.driver, version.number, plan.name),
        name: format!("{} {}, {}", service.name, version.number, plan.title),
        description: plan.description.clone(),
        driver: service.driver.clone(),
        kind: service.kind.clone(),
        version: version.number.clone(),
        plan: plan.name.clone(),
        shared: plan.shared,
        image: version.image.clone(),
        memory_bytes: i64::from(plan.memory_mib) * 1024 * 1024,
        cpu_millis: i64::from(plan.cpu_millis),
        storage_bytes: plan.storage_gib.map(|gib| i64::from(gib) << 30),
        connections: service.connections,
        rank,
    }
}
