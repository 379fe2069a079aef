//! The route table: derived from what runs, and given to the router.

use std::collections::HashMap;
use std::net::SocketAddr;

use tokio::sync::Mutex;
use windlass_delivery::routing::{self, Route, RouteTable};
use windlass_model::id::ClusterId;
use windlass_operations::Failure;
use windlass_records::{ApplicationFilter, InstanceFilter, PageRequest};

use crate::parts::Parts;
use crate::scene::Scene;
use crate::{failures, naming};

/// More applications than one installation has.
const ALL: u32 = 1_000_000;

/// The one who writes tables: one at a time, each newer than the one before.
#[derive(Debug, Default)]
pub(crate) struct TableWriter {
    /// The table that was published last by this process.
    last: Mutex<Option<RouteTable>>,
}

impl Parts {
    /// Derives the table from the running releases and their containers, and publishes it if it is
    /// another than the last. Deriving and publishing are one critical section, so that an older view
    /// never follows a newer one.
    pub(crate) async fn publish_routes(&self) -> Result<(), Failure> {
        let mut last = self.table.last.lock().await;
        let routes = self.derive_routes().await?;
        if last.as_ref().is_some_and(|table| table.routes == routes) {
            // Written again all the same when a router may have come that never saw it: publishing the
            // table in force is a success and costs a comparison.
            if let Some(table) = last.as_ref() {
                self.router
                    .publish(table)
                    .await
                    .map_err(|error| failures::router(&error))?;
            }
            return Ok(());
        }
        // Time in milliseconds as the generation: it grows across restarts of the server too.
        let now = u64::try_from(self.now().0).unwrap_or_default();
        let generation = last
            .as_ref()
            .map_or(now, |table| now.max(table.generation + 1));
        let mut table = RouteTable { generation, routes };
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

    /// The public names of services that have such, to their servers.
    async fn service_routes(&self) -> Result<Vec<Route>, Failure> {
        let services = self.store.services(None).await;
        let services = services.map_err(|error| failures::store(&error))?;
        let instances = self
            .store
            .instances(&InstanceFilter::default(), &PageRequest::first(ALL))
            .await
            .map_err(|error| failures::store(&error))?;
        let mut routes = Vec::new();
        let mut places: HashMap<ClusterId, Vec<SocketAddr>> = HashMap::new();
        for instance in instances.rows {
            let service = services.iter().find(|known| known.id == instance.service);
            let (Some(service), Some(id), true) =
                (service, instance.cluster, instance.state.is_provisioned())
            else {
                continue;
            };
            let Some(host) = self.driver(service)?.public_host(instance.id) else {
                continue;
            };
            let upstreams = if let Some(known) = places.get(&id) {
                known.clone()
            } else {
                let cluster = self.cluster(id).await?;
                let found = self.cluster_addresses(&cluster).await?;
                places.entry(id).or_insert(found).clone()
            };
            routes.push(Route {
                host,
                environment: instance.environment,
                release: None,
                upstreams,
            });
        }
        Ok(routes)
    }

    async fn derive_routes(&self) -> Result<Vec<Route>, Failure> {
        let applications = self
            .store
            .applications(&ApplicationFilter::default(), &PageRequest::first(ALL))
            .await
            .map_err(|error| failures::store(&error))?;
        let regions = self
            .store
            .regions()
            .await
            .map_err(|error| failures::store(&error))?;
        let environments = self
            .store
            .all_environments()
            .await
            .map_err(|error| failures::store(&error))?;
        let mut routes = self.service_routes().await?;
        for environment in environments {
            let Some(application) = applications
                .rows
                .iter()
                .find(|application| application.id == environment.application)
            else {
                continue;
            };
            let Some(region) = regions
                .iter()
                .find(|region| region.id == application.region)
            else {
                continue;
            };
            let release = match environment.running_release {
                Some(id) if !application.removing => self
                    .store
                    .release(id)
                    .await
                    .map_err(|error| failures::store(&error))?,
                _ => None,
            };
            let scene = Scene {
                environment,
                application: application.clone(),
                region: region.clone(),
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
                        &region.domain,
                    )],
                    Vec::new(),
                ),
            };
            routes.extend(hosts.into_iter().map(|host| Route {
                host,
                environment: scene.environment.id,
                release: release.as_ref().map(|release| release.id),
                upstreams: upstreams.clone(),
            }));
        }
        Ok(routes)
    }
}
