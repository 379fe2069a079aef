//! Regions and what they offer.

use windlass_model::id::{RegionId, ServiceId};
use windlass_records::{Region, Service};

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// All regions.
    pub async fn regions(&self, _context: &Context) -> Result<Vec<Region>, Error> {
        Ok(self.parts.store.regions().await?)
    }

    /// One region.
    pub async fn region(&self, _context: &Context, id: RegionId) -> Result<Region, Error> {
        self.parts
            .store
            .region(id)
            .await?
            .ok_or_else(|| Error::not_found("region", id))
    }

    /// The services that a region offers, or that any does.
    pub async fn services(
        &self,
        _context: &Context,
        region: Option<RegionId>,
    ) -> Result<Vec<Service>, Error> {
        let services = self.parts.store.services(region).await?;
        Ok(services
            .into_iter()
            .filter(|service| service.offered)
            .collect())
    }

    /// One service.
    pub async fn service(&self, _context: &Context, id: ServiceId) -> Result<Service, Error> {
        self.parts
            .store
            .service(id)
            .await?
            .ok_or_else(|| Error::not_found("service", id))
    }
}
