//! The regions of the settings, and what each of them offers.

use windlass_model::id::RegionId;
use windlass_records::{Change, Region, Service};
use windlass_services::BROKER;

use super::clusters;
use crate::error::Error;
use crate::parts::{Backends, Settings};
use crate::regions::{RegionBackends, RegionSettings, check};
use crate::{catalogue, ids};

/// Records the regions as the settings have them.
pub(super) async fn seed(backends: &Backends, settings: &Settings) -> Result<Vec<RegionId>, Error> {
    check(&settings.regions)?;
    let mut seeded = Vec::new();
    for region in &settings.regions {
        let runs_on = backends
            .regions
            .iter()
            .find(|backends| backends.region == region.name)
            .ok_or_else(|| Error::Internal(format!("region '{}' has no engine", region.name)))?;
        let id = seed_region(backends, settings, region, runs_on).await?;
        clusters::seed(backends, region, &runs_on.drivers, id).await?;
        seeded.push(id);
    }
    name_others(backends, &seeded).await?;
    Ok(seeded)
}

async fn seed_region(
    backends: &Backends,
    settings: &Settings,
    region: &RegionSettings,
    runs_on: &RegionBackends,
) -> Result<RegionId, Error> {
    let slug = region
        .name
        .parse()
        .map_err(|error| Error::name("region", &error))?;
    let regions = backends.store.regions().await?;
    let existing = regions.into_iter().find(|known| known.slug == slug);
    let (id, created_at) = match &existing {
        Some(known) => (known.id, known.created_at),
        None => (ids::mint(), backends.clock.now()),
    };
    let wanted = Region {
        id,
        name: slug.to_string(),
        slug,
        engine: runs_on.kind.clone(),
        domain: region.domain.to_ascii_lowercase(),
        created_at,
    };
    let mut changes = Vec::new();
    if existing.as_ref() != Some(&wanted) {
        changes.push(Change::PutRegion(wanted));
    }
    let known = backends.store.services(Some(id)).await?;
    // What brokers provide is not the catalogue's to withdraw.
    let own: Vec<Service> = known
        .iter()
        .filter(|service| service.driver != BROKER)
        .cloned()
        .collect();
    let drivers: Vec<_> = runs_on
        .drivers
        .iter()
        .map(|driver| (driver.kind(), driver.hosting()))
        .collect();
    let services = catalogue::services(id, &drivers, &settings.catalogue, region, &own)?;
    changes.extend(
        services
            .into_iter()
            .filter(|service| !known.contains(service))
            .map(Change::PutService),
    );
    if !changes.is_empty() {
        backends.store.commit(changes).await?;
    }
    Ok(id)
}

/// What is in a region that this server does not run stays as it is, and is there again when it is put back.
async fn name_others(backends: &Backends, seeded: &[RegionId]) -> Result<(), Error> {
    for region in backends.store.regions().await? {
        if !seeded.contains(&region.id) {
            tracing::warn!(region = %region.slug, "this server does not run the region any more; what is there cannot be changed");
        }
    }
    Ok(())
}
