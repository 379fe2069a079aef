//! The regions that this server runs: what the operator says of each, and what it runs on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use windlass_engine::Engine;
use windlass_model::id::RegionId;
use windlass_operations::Failure;
use windlass_records::Region;
use windlass_services::Driver;

use crate::error::Error;
use crate::parts::{ExternalCluster, Parts};
use crate::subnets::SubnetPool;

/// What the operator says of a region.
#[derive(Debug, Clone)]
pub struct RegionSettings {
    /// Its name.
    pub name: String,
    /// The domain under which its sites are served.
    pub domain: String,
    /// What of the catalogue it offers, by service or type; without, all that a driver is there for.
    pub offered: Option<Vec<String>>,
    /// Clusters that the operator names.
    pub external_clusters: Vec<ExternalCluster>,
    /// Where the subnets of its environments and shared clusters are taken from. This machine routes into them, so no
    /// two regions have an address in common.
    pub subnet_pool: SubnetPool,
}

impl Default for RegionSettings {
    fn default() -> Self {
        Self {
            name: "local".to_owned(),
            domain: "localhost".to_owned(),
            offered: None,
            external_clusters: Vec::new(),
            subnet_pool: SubnetPool::default(),
        }
    }
}

/// What a region runs on.
pub struct RegionBackends {
    /// The region's name.
    pub region: String,
    /// The kind of its engine: `docker`, `simulated`.
    pub kind: String,
    /// Its engine.
    pub engine: Arc<dyn Engine>,
    /// The service drivers, one for each type.
    pub drivers: Vec<Arc<dyn Driver>>,
}

/// Refuses regions that cannot live beside one another.
pub(crate) fn check(regions: &[RegionSettings]) -> Result<(), Error> {
    let refused = |message: String| Err(Error::refused("invalid_regions", message));
    if regions.is_empty() {
        return refused("a server has one region at least".to_owned());
    }
    let mut names = BTreeSet::new();
    for (index, region) in regions.iter().enumerate() {
        if !names.insert(&region.name) {
            return refused(format!("region '{}' is there twice", region.name));
        }
        let shares = |other: &&RegionSettings| other.subnet_pool.overlaps(region.subnet_pool);
        if let Some(other) = regions[..index].iter().find(shares) {
            return refused(format!(
                "regions '{}' and '{}' take their subnets from {} and {}, which have addresses in common; \
                 give each a pool of its own",
                other.name, region.name, other.subnet_pool, region.subnet_pool
            ));
        }
    }
    Ok(())
}

/// A region at work.
pub(crate) struct RegionParts {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) drivers: HashMap<&'static str, Arc<dyn Driver>>,
    pub(crate) subnet_pool: SubnetPool,
}

impl RegionParts {
    pub(crate) fn new(backends: RegionBackends, settings: &RegionSettings) -> Self {
        let drivers = backends.drivers.into_iter();
        Self {
            engine: backends.engine,
            drivers: drivers.map(|driver| (driver.kind(), driver)).collect(),
            subnet_pool: settings.subnet_pool,
        }
    }
}

/// The regions of this server, in the order in which the operator names them.
pub(crate) struct Regions {
    order: Vec<RegionId>,
    parts: HashMap<RegionId, RegionParts>,
}

impl Regions {
    pub(crate) fn new(regions: Vec<(RegionId, RegionParts)>) -> Self {
        Self {
            order: regions.iter().map(|(id, _)| *id).collect(),
            parts: regions.into_iter().collect(),
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = RegionId> {
        self.order.iter().copied()
    }

    pub(crate) fn get(&self, id: RegionId) -> Option<&RegionParts> {
        self.parts.get(&id)
    }

    /// Whether any region has a driver of that type.
    pub(crate) fn has_driver(&self, kind: &str) -> bool {
        let mut regions = self.parts.values();
        regions.any(|region| region.drivers.contains_key(kind))
    }

    /// Those of the store's that this server runs, in the operator's order.
    pub(crate) fn run_here(&self, mut known: Vec<Region>) -> Vec<Region> {
        let place = |region: &Region| self.order.iter().position(|id| *id == region.id);
        known.retain(|region| place(region).is_some());
        known.sort_by_key(place);
        known
    }
}

impl Parts {
    /// What a region is made of, if this server runs it.
    pub(crate) fn region_parts(&self, region: RegionId) -> Result<&RegionParts, Failure> {
        self.regions.get(region).ok_or_else(|| {
            Failure::permanent(
                "region_not_run",
                format!("region {region} is not run by this server any more"),
            )
            .with_hint(
                "Start the server with that region again: its name, its engine and its subnets.",
            )
        })
    }

    /// The engine of a region.
    pub(crate) fn engine(&self, region: RegionId) -> Result<Arc<dyn Engine>, Failure> {
        Ok(self.region_parts(region)?.engine.clone())
    }

    /// The `number`-th subnet of a region.
    pub(crate) fn subnet(&self, region: RegionId, number: u32) -> Result<String, Failure> {
        let pool = self.region_parts(region)?.subnet_pool;
        pool.subnet(number).ok_or_else(|| {
            Failure::permanent(
                "no_subnet",
                format!("subnet number {number} is past the end of the address pool {pool}"),
            )
            .with_hint("Remove environments that are not needed any more.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{RegionSettings, check};

    fn region(name: &str, pool: &str) -> RegionSettings {
        RegionSettings {
            name: name.to_owned(),
            subnet_pool: pool.parse().expect("a pool"),
            ..RegionSettings::default()
        }
    }

    #[test]
    fn regions_have_names_and_addresses_of_their_own() {
        assert!(check(&[region("eu", "10.208.0.0/13"), region("us", "10.216.0.0/13")]).is_ok());
        let refusals = [
            (vec![], "one region at least"),
            (
                vec![region("eu", "10.208.0.0/13"), region("eu", "10.216.0.0/13")],
                "region 'eu' is there twice",
            ),
            (
                vec![region("eu", "10.208.0.0/12"), region("us", "10.216.0.0/16")],
                "regions 'eu' and 'us' take their subnets from 10.208.0.0/12 and 10.216.0.0/16",
            ),
        ];
        for (regions, reason) in refusals {
            let error = check(&regions).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
