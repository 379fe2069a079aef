//! The catalogue as data: what a region offers.

use windlass_model::id::RegionId;
use windlass_records::Service;

use crate::ids;

/// An entry of the built-in catalogue.
struct Entry {
    identifier: &'static str,
    name: &'static str,
    description: &'static str,
    driver: &'static str,
    kind: &'static str,
    version: &'static str,
    shared: bool,
    memory_bytes: i64,
    cpu_millis: i64,
}

const MIB: i64 = 1024 * 1024;

const ENTRIES: [Entry; 2] = [
    Entry {
        identifier: "postgres-15-shared",
        name: "PostgreSQL 15, shared cluster",
        description: "A database of its own on a server that instances share; up to 60 connections.",
        driver: "postgres",
        kind: "DATABASE",
        version: "15",
        shared: true,
        memory_bytes: 1024 * MIB,
        cpu_millis: 2000,
    },
    Entry {
        identifier: "postgres-15-private",
        name: "PostgreSQL 15, private cluster",
        description: "A server of its own with a volume of its own; 512 MiB of memory, one core.",
        driver: "postgres",
        kind: "DATABASE",
        version: "15",
        shared: false,
        memory_bytes: 512 * MIB,
        cpu_millis: 1000,
    },
];

/// Connections that an instance may have, as the platforms that it follows give.
const CONNECTION_LIMIT: u32 = 60;

/// The services of a region: those in the store with the catalogue's values, and new ones.
pub(crate) fn services(region: RegionId, existing: &[Service]) -> Vec<Service> {
    ENTRIES
        .iter()
        .map(|entry| Service {
            id: existing
                .iter()
                .find(|service| service.region == region && service.identifier == entry.identifier)
                .map_or_else(ids::mint, |service| service.id),
            region,
            identifier: entry.identifier.to_owned(),
            name: entry.name.to_owned(),
            description: entry.description.to_owned(),
            driver: entry.driver.to_owned(),
            kind: entry.kind.to_owned(),
            version: entry.version.to_owned(),
            shared: entry.shared,
            memory_bytes: entry.memory_bytes,
            cpu_millis: entry.cpu_millis,
            connection_limit: CONNECTION_LIMIT,
            offered: true,
        })
        .collect()
}
