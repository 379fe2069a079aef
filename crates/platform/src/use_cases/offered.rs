//! Which service of a region is meant by a name, and why none is.

use std::collections::BTreeSet;

use windlass_model::id::ServiceId;
use windlass_records::Service;
use windlass_services::BROKER;

use super::instances::NewInstance;
use crate::error::Error;
use crate::platform::Platform;
use crate::scene::Scene;

impl Platform {
    pub(super) async fn offered_service(
        &self,
        scene: &Scene,
        new: &NewInstance,
    ) -> Result<Service, Error> {
        if let Some(region) = &new.region
            && *region != scene.region.id.to_string()
            && *region != scene.region.slug.as_str()
        {
            return Err(Error::invalid(
                "region",
                format!(
                    "the application runs in region '{}'; its services are added there",
                    scene.region.slug
                ),
            ));
        }
        let parts = &self.parts;
        if parts.regions.get(scene.region.id).is_none() {
            return Err(Error::refused(
                "region_not_run",
                format!(
                    "region '{}' is not run by this server any more, so that nothing can be added there. Start the server \
                     with that region again: its name, its engine and its subnets",
                    scene.region.slug
                ),
            ));
        }
        let mut all = parts.store.services(None).await?;
        all.retain(|service| parts.regions.get(service.region).is_some());
        let id: Option<ServiceId> = new.service.parse().ok();
        let named = |service: &&Service| {
            Some(service.id) == id
                || service.identifier == new.service
                || (service.driver == new.service && service.driver != BROKER)
        };
        let here = |service: &&Service| service.region == scene.region.id && service.offered;
        // A type's name alone (`postgres`) means the first plan of its first version that the region offers.
        let meant = all
            .iter()
            .filter(here)
            .filter(named)
            .min_by_key(|service| service.rank);
        if let Some(service) = meant {
            return Ok(service.clone());
        }
        let regions = parts.store.regions().await?;
        let elsewhere: BTreeSet<&str> = all
            .iter()
            .filter(|service| service.offered)
            .filter(named)
            .filter_map(|service| regions.iter().find(|region| region.id == service.region))
            .map(|region| region.slug.as_str())
            .collect();
        let offered: Vec<&Service> = all.iter().filter(here).collect();
        let (wanted, here) = (&new.service, &scene.region.slug);
        let mut message = if elsewhere.is_empty() {
            format!("region '{here}' has no service '{wanted}'")
        } else {
            let elsewhere = Vec::from_iter(elsewhere).join(", ");
            format!("region '{here}' does not offer '{wanted}', which is offered in {elsewhere}")
        };
        message.push_str("; it offers ");
        message.push_str(&alternatives(wanted, &offered));
        Err(Error::invalid("service", message))
    }
}

/// What may be added in place of what is not offered: the other services of its type, or the types.
fn alternatives(wanted: &str, offered: &[&Service]) -> String {
    let kin: Vec<&str> = offered
        .iter()
        .filter(|service| wanted.starts_with(&service.driver))
        .map(|service| service.identifier.as_str())
        .collect();
    if !kin.is_empty() {
        return kin.join(", ");
    }
    let types: BTreeSet<&str> = offered
        .iter()
        .map(|service| match service.driver.as_str() {
            // Brokers' services have nothing in common but that.
            BROKER => service.identifier.as_str(),
            driver => driver,
        })
        .collect();
    Vec::from_iter(types).join(", ")
}
