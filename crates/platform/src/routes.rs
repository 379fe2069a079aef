//! The route table: derived from what runs, and given to the router.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use tokio::sync::Mutex;
use windlass_delivery::routing::{self, OwnRoute, Route, RouteTable};
use windlass_model::id::{ClusterId, RegionId};
use windlass_operations::Failure;
use windlass_records::{InstanceFilter, PageRequest};

use crate::parts::Parts;
use crate::{failures, naming};

/// More applications than one installation has.
const ALL: u32 = 1_000_000;

/// The one who writes tables: one at a time, each newer than the one before.
#[derive(Debug, Default)]
pub(crate) struct TableWriter {
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    /// The table that was published last by this process.
    table: Option<RouteTable>,
    /// The routes of each region: those that were derived last, or those that an earlier process left.
    regions: Option<HashMap<RegionId, Vec<Route>>>,
}

impl Parts {
    /// Derives a region's routes from its running releases and their containers, and publishes the table if it is
    /// another than the last. The other regions' routes stay as they were: a region whose engine does not answer
    /// keeps nobody from a switch, and its own sites go on being served. Deriving and publishing are one critical
    /// section, so that an older view never follows a newer one.
    pub(crate) async fn publish_routes(&self, region: RegionId) -> Result<(), Failure> {
        let _turn = self.locks.lock(region).await;
        let own = self.derive_routes(region).await?;
        let mut written = self.table.written.lock().await;
        let mut regions = match written.regions.take() {
            Some(regions) => regions,
            None => self.earlier_routes().await?,
        };
        regions.insert(region, own);
        let mut routes = merged(&regions, region);
        written.regions = Some(regions);
        let own = self.own_routes();
        // Whoever may name a host does not get the API's requests, nor does a second route keep the table back.
        routes.retain(|route| own.iter().all(|own| own.host != route.host));
        self.publish(&mut written.table, routes, own).await
    }

    async fn publish(
        &self,
        last: &mut Option<RouteTable>,
        routes: Vec<Route>,
        own: Vec<OwnRoute>,
    ) -> Result<(), Failure> {
        let is_last = |table: &&RouteTable| table.routes == routes && table.own == own;
        if let Some(table) = last.as_ref().filter(is_last) {
            // Written again all the same when a router may have come that never saw it: publishing the
            // table in force is a success and costs a comparison.
            let published = self.router.publish(table).await;
            return published
                .map(drop)
                .map_err(|error| failures::router(&error));
        }
        // Time in milliseconds as the generation: it grows across restarts of the server too.
        let now = u64::try_from(self.now().0).unwrap_or_default();
        let generation = last
            .as_ref()
            .map_or(now, |table| now.max(table.generation + 1));
        let mut table = RouteTable {
            generation,
            routes,
            own,
        };
        // A clock that was set back: the table in force is from the future, and ours follows it.
        if let Err(routing::Error::Stale { in_force, .. }) = self.router.publish(&table).await {
            table.generation = in_force + 1;
        }
        self.router
            .publish(&table)
            .await
            .map_err(|error| failures::router(&error))?;
        *last = Some(table);
        Ok(())
    }

    /// The routes that an earlier process left in the table, by region.
    async fn earlier_routes(&self) -> Result<HashMap<RegionId, Vec<Route>>, Failure> {
        let table = self.router.table().await;
        let table = table.map_err(|error| failures::router(&error))?;
        let known = self.regions_of_environments().await?;
        let mut regions: HashMap<RegionId, Vec<Route>> = HashMap::new();
        for route in table.routes {
            if let Some(region) = known.get(&route.environment) {
                regions.entry(*region).or_default().push(route);
            }
        }
        Ok(regions)
    }

    /// The hosts of the API itself.
    fn own_routes(&self) -> Vec<OwnRoute> {
        let hosts = naming::own_hosts(&self.settings.regions[0].domain);
        let reached = self.settings.routed_api.into_iter();
        reached
            .flat_map(|upstream| {
                hosts.clone().map(|host| OwnRoute {
                    host,
                    upstreams: vec![upstream],
                })
            })
            .collect()
    }

    /// The public names of services that have such, to their servers; those that users chose last.
    async fn service_routes(&self, region: RegionId) -> Result<Vec<Route>, Failure> {
        let services = self.store.services(Some(region)).await;
        let services = services.map_err(|error| failures::store(&error))?;
        let instances = self
            .store
            .instances(&InstanceFilter::default(), &PageRequest::first(ALL))
            .await
            .map_err(|error| failures::store(&error))?;
        let (mut routes, mut chosen) = (Vec::new(), Vec::new());
        let mut places: HashMap<ClusterId, Vec<SocketAddr>> = HashMap::new();
        for instance in instances.rows {
            let service = services.iter().find(|known| known.id == instance.service);
            let (Some(service), Some(id), true) =
                (service, instance.cluster, instance.state.is_provisioned())
            else {
                continue;
            };
            let driver = self.driver(service)?;
            let host = driver.public_host(instance.id);
            let media = driver.media(instance.id).filter(|_| instance.public);
            if host.is_none() && media.is_none() {
                continue;
            }
            let upstreams = if let Some(known) = places.get(&id) {
                known.clone()
            } else {
                let cluster = self.cluster(id).await?;
                let found = self.cluster_addresses(&cluster).await?;
                places.entry(id).or_insert(found).clone()
            };
            let route = |host: String| Route {
                host,
                environment: instance.environment,
                release: None,
                upstreams: upstreams.clone(),
                upstream_host: None,
            };
            routes.extend(host.map(route));
            let Some(media) = media else { continue };
            let at_port = |mut address: SocketAddr| {
                address.set_port(media.port);
                address
            };
            let route = |host: String| Route {
                upstreams: upstreams.iter().copied().map(at_port).collect(),
                upstream_host: Some(media.upstream_host.clone()),
                ..route(host)
            };
            routes.push(route(media.host.clone()));
            let domain = instance.media_domain.as_ref();
            let own = domain.filter(|domain| !domain.is_cdn);
            chosen.extend(own.map(|domain| route(domain.host.to_string())));
        }
        routes.extend(chosen);
        Ok(routes)
    }

    /// Whether the host is routed now, as far as it can be told: what has gone from the region since is taken out of the
    /// table first.
    pub(crate) async fn is_routed(&self, region: RegionId, host: &str) -> bool {
        if let Err(failure) = self.publish_routes(region).await {
            tracing::warn!(failure.code, failure.message, "the table may be an old one");
        }
        let written = self.table.written.lock().await;
        let routes = written.table.iter().flat_map(|table| &table.routes);
        routes.into_iter().any(|route| route.host == host)
    }

    async fn derive_routes(&self, region: RegionId) -> Result<Vec<Route>, Failure> {
        let mut routes = Vec::new();
        for scene in self.environments_of(region).await? {
            let release = match scene.environment.running_release {
                Some(id) if !scene.application.removing => self
                    .store
                    .release(id)
                    .await
                    .map_err(|error| failures::store(&error))?,
                _ => None,
            };
            let (hosts, upstreams) = match &release {
                Some(release) => (
                    release.hosts.clone(),
                    self.upstreams(&scene, release).await?,
                ),
                None => (
                    vec![naming::host(
                        &scene.application.slug,
                        &scene.environment.slug,
                        &scene.region.domain,
                    )],
                    Vec::new(),
                ),
            };
            routes.extend(hosts.into_iter().map(|host| Route {
                host,
                environment: scene.environment.id,
                release: release.as_ref().map(|release| release.id),
                upstreams: upstreams.clone(),
                upstream_host: None,
            }));
        }
        // One name twice makes a table that no router takes. A user's domain, which was nobody else's when it was
        // set, gives way to what the operator's domain has come to cover since.
        let mut hosts: HashSet<String> = routes.iter().map(|route| route.host.clone()).collect();
        for route in self.service_routes(region).await? {
            if hosts.insert(route.host.clone()) {
                routes.push(route);
            } else {
                tracing::warn!(
                    host = route.host,
                    "a host of a service is another's and is not routed"
                );
            }
        }
        Ok(routes)
    }
}

/// One table of all regions, in one order. Of one host, an environment's own route counts before that of a service, and
/// the fresh region's before what another region had earlier.
fn merged(regions: &HashMap<RegionId, Vec<Route>>, fresh: RegionId) -> Vec<Route> {
    let own = regions.get(&fresh).into_iter().flatten();
    let others = regions.iter().filter(|(region, _)| **region != fresh);
    let mut routes: Vec<Route> = own
        .chain(others.flat_map(|(_, routes)| routes))
        .cloned()
        .collect();
    // Stable, so that of two alike the fresh region's is the first.
    routes.sort_by(|one, other| {
        let rank = |route: &Route| route.upstream_host.is_some();
        (&one.host, rank(one)).cmp(&(&other.host, rank(other)))
    });
    routes.dedup_by(|later, first| later.host == first.host);
    routes
}
