//! Regions and services.

use serde::Serialize;
use utoipa::ToSchema;
use windlass_records::{Region, Service};

/// A region.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Region)]
pub(crate) struct RegionItem {
    uuid: String,
    name: String,
    slug: String,
    engine: String,
    domain: String,
}

impl From<Region> for RegionItem {
    fn from(region: Region) -> Self {
        Self {
            uuid: region.id.to_string(),
            name: region.name,
            slug: region.slug.to_string(),
            engine: region.engine,
            domain: region.domain,
        }
    }
}

/// A service of a region's catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceItem {
    uuid: String,
    name: String,
    /// `DATABASE`, ...: prefixes are unique by it.
    r#type: String,
    description: String,
    /// Its name for machines.
    identifier: String,
    region: String,
    driver: String,
    version: String,
    /// `shared` or `private`.
    cluster: &'static str,
    /// The last part of `identifier`.
    plan: String,
    /// The memory of a server, in bytes.
    memory_bytes: i64,
    /// The processor time of a server, in thousandths of a core.
    cpu_millis: i64,
    /// What an instance may store, in bytes, where the server can hold it to that.
    #[schema(required)]
    storage_bytes: Option<i64>,
    connection_limit: u32,
}

impl From<Service> for ServiceItem {
    fn from(service: Service) -> Self {
        Self {
            uuid: service.id.to_string(),
            cluster: cluster(&service),
            name: service.name,
            r#type: service.kind,
            description: service.description,
            identifier: service.identifier,
            region: service.region.to_string(),
            driver: service.driver,
            version: service.version,
            plan: service.plan,
            memory_bytes: service.memory_bytes,
            cpu_millis: service.cpu_millis,
            storage_bytes: service.storage_bytes,
            connection_limit: service.connection_limit,
        }
    }
}

/// Whether instances of a service share a server.
pub(crate) fn cluster(service: &Service) -> &'static str {
    if service.shared { "shared" } else { "private" }
}
