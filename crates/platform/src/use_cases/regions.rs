//! Regions and what they offer.

use windlass_model::access::Action;
use windlass_model::id::{RegionId, ServiceId};
use windlass_records::{Region, Service};

use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// The regions that this server runs, that of its own machine first.
    pub async fn regions(&self, context: &Context) -> Result<Vec<Region>, Error> {
        for_everyone(context)?;
        let known = self.parts.store.regions().await?;
        Ok(self.parts.regions.run_here(known))
    }

    /// The region of that id or name that this server runs; without, that of its own machine.
    pub(crate) async fn region_named(
        &self,
        context: &Context,
        wanted: Option<&str>,
    ) -> Result<Region, Error> {
        let regions = self.regions(context).await?;
        let names: Vec<String> = regions
            .iter()
            .map(|region| region.slug.to_string())
            .collect();
        let is_it = |region: &Region| {
            wanted.is_none_or(|name| region.slug.as_str() == name || region.id.to_string() == name)
        };
        regions.into_iter().find(is_it).ok_or_else(|| {
            Error::invalid(
                "region",
                format!(
                    "there is no region '{}'; there is {}",
                    wanted.unwrap_or_default(),
                    names.join(", ")
                ),
            )
        })
    }

    /// One region.
    pub async fn region(&self, context: &Context, id: RegionId) -> Result<Region, Error> {
        for_everyone(context)?;
        self.parts
            .store
            .region(id)
            .await?
            .ok_or_else(|| Error::not_found("region", id))
    }

    /// The services that a region offers, or that any does.
    pub async fn services(
        &self,
        context: &Context,
        region: Option<RegionId>,
    ) -> Result<Vec<Service>, Error> {
        for_everyone(context)?;
        let services = self.parts.store.services(region).await?;
        Ok(services
            .into_iter()
            .filter(|service| service.offered && self.parts.regions.get(service.region).is_some())
            .collect())
    }

    /// One service.
    pub async fn service(&self, context: &Context, id: ServiceId) -> Result<Service, Error> {
        for_everyone(context)?;
        self.parts
            .store
            .service(id)
            .await?
            .ok_or_else(|| Error::not_found("service", id))
    }
}

/// What regions offer is for everyone who has an account.
fn for_everyone(context: &Context) -> Result<(), Error> {
    authorize(context, Action::ViewAccount, &Place::Everyone, || {
        Error::Unauthenticated
    })
}
