//! What the use cases, the operations and the reconcilers work with: contracts only.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use windlass_catalogue::Catalogue;
use windlass_delivery::build::Builder;
use windlass_delivery::logs::DeploymentLogs;
use windlass_delivery::routing::RouterControl;
use windlass_engine::ImageReference;
use windlass_model::id::RegionId;
use windlass_model::time::Timestamp;
use windlass_operations::Failure;
use windlass_operations::clock::Clock;
use windlass_records::{Cluster, Keep, Region, Service, Store};
use windlass_services::{Driver, Marketplace, ServerSpec};

use crate::failures;
use crate::locks::Locks;
use crate::regions::{RegionBackends, RegionSettings, Regions};
use crate::routes::TableWriter;
use crate::templates::Template;
use crate::uses::Uses;

/// A cluster that the operator names by an administrator's URL.
#[derive(Debug, Clone)]
pub struct ExternalCluster {
    /// The type and its version, which choose the service: `postgres-15`.
    pub serves: String,
    /// Where it is, as the server and the applications reach it.
    pub host: String,
    /// Its port; the type's usual one without.
    pub port: Option<u16>,
    /// The port of its administration, where its type has one and it is not the usual one.
    pub administration_port: Option<u16>,
    /// The administrator.
    pub administrator: String,
    /// The administrator's password.
    pub password: SecretString,
    /// The administrator's database.
    pub database: Option<String>,
    /// The URL that it was named by, without the administrator: what a type reads that is an account with a provider
    /// ([`windlass_services::Hosting::Account`]).
    pub url: Option<String>,
}

/// The fewest releases that may be kept: the running one, and one to go back to.
pub const LEAST_KEPT_RELEASES: u32 = 2;
/// Releases of an environment that are kept: weeks of work, and as many images on the engine at most.
pub const KEPT_RELEASES: u32 = 20;
/// Deployments of an environment that are kept with their logs besides those of the releases: those that
/// failed, and those whose release is forgotten. A log has 16 MiB at most.
const KEPT_DEPLOYMENTS: u32 = 100;
/// How long operations that have ended are kept, with their events: longer than anybody asks what happened.
const KEPT_OPERATIONS: Duration = Duration::from_hours(90 * 24);
/// Between two looks at what need not be kept: nothing waits for it.
const HOUSEKEEPING_INTERVAL: Duration = Duration::from_mins(10);

/// The settings of the platform.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The regions, that of this machine first: applications that name none are there.
    pub regions: Vec<RegionSettings>,
    /// What there is.
    pub catalogue: Catalogue,
    /// What new applications can begin with, by name.
    pub templates: Vec<Template>,
    /// The port of the router, for the URLs of sites; left out of them when it is 80.
    pub router_port: u16,
    /// The port of the router's TLS, if it serves sites by that: their URLs are then `https`, without it when it is 443.
    pub router_tls_port: Option<u16>,
    /// Where the router reaches the API, if it routes the hosts `api.` and `control.` of the domain there.
    pub routed_api: Option<SocketAddr>,
    /// The base URL of the API, for repositories' addresses.
    pub public_url: String,
    /// Where the first administrator's token is written, readable by its owner only.
    pub token_file: PathBuf,
    /// How long a release command may run.
    pub release_command_timeout: Duration,
    /// How long a build may take.
    pub build_timeout: Duration,
    /// How long a new release has to answer its health check.
    pub health_timeout: Duration,
    /// How long requests to the old release have to end after the switch.
    pub drain_deadline: Duration,
    /// How many releases of an environment are kept with their images; at least [`LEAST_KEPT_RELEASES`].
    pub keep_releases: u32,
    /// How many deployments of an environment are kept with their logs, besides those that made these
    /// releases.
    pub keep_deployments: u32,
    /// How long operations are kept after their end.
    pub keep_operations: Duration,
    /// How often what need not be kept is looked for.
    pub housekeeping_interval: Duration,
}

impl Settings {
    /// How much of an environment's past is kept.
    pub(crate) fn keep(&self) -> Keep {
        Keep {
            releases: self.keep_releases.max(LEAST_KEPT_RELEASES),
            // The number of the next deployment is counted from the newest.
            deployments: self.keep_deployments.max(1),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            regions: vec![RegionSettings::default()],
            catalogue: Catalogue::built_in().expect("the files of this build are tested"),
            templates: Vec::new(),
            router_port: 8080,
            router_tls_port: None,
            routed_api: None,
            public_url: "http://127.0.0.1:8000".to_owned(),
            token_file: PathBuf::from("admin-token"),
            release_command_timeout: Duration::from_mins(30),
            build_timeout: Duration::from_mins(30),
            health_timeout: Duration::from_mins(1),
            drain_deadline: Duration::from_secs(30),
            keep_releases: KEPT_RELEASES,
            keep_deployments: KEPT_DEPLOYMENTS,
            keep_operations: KEPT_OPERATIONS,
            housekeeping_interval: HOUSEKEEPING_INTERVAL,
        }
    }
}

/// The back ends that the binary picked.
pub struct Backends {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What each region of the settings runs on.
    pub regions: Vec<RegionBackends>,
    /// Who asks brokers what they offer.
    pub marketplace: Arc<dyn Marketplace>,
    /// The builder.
    pub builder: Arc<dyn Builder>,
    /// The logs of deployments.
    pub logs: Arc<dyn DeploymentLogs>,
    /// The router.
    pub router: Arc<dyn RouterControl>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Everything that a use case or a step needs.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) regions: Regions,
    pub(crate) marketplace: Arc<dyn Marketplace>,
    pub(crate) builder: Arc<dyn Builder>,
    pub(crate) logs: Arc<dyn DeploymentLogs>,
    pub(crate) router: Arc<dyn RouterControl>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// The id of this installation, on everything that it makes.
    pub(crate) installation: String,
    pub(crate) table: TableWriter,
    pub(crate) locks: Locks,
    pub(crate) uses: Uses,
}

impl Parts {
    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The server of a cluster of a service.
    pub(crate) fn server(
        &self,
        service: &Service,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Failure> {
        let server = self
            .driver(service)?
            .server(&service.version, administrator_password)
            .map_err(|error| failures::service(&error))?;
        Ok(match &service.image {
            Some(image) => ServerSpec {
                image: ImageReference(image.clone()),
                ..server
            },
            None => server,
        })
    }

    /// The driver of a service.
    pub(crate) fn driver(&self, service: &Service) -> Result<Arc<dyn Driver>, Failure> {
        self.region_parts(service.region)?
            .drivers
            .get(service.driver.as_str())
            .cloned()
            .ok_or_else(|| {
                Failure::permanent(
                    "no_driver",
                    format!(
                        "this server has no driver for '{}', which service '{}' needs",
                        service.driver, service.identifier
                    ),
                )
                .with_hint(
                    "Use the version of Windlass that the service was added with, or a later one.",
                )
            })
    }

    /// A region that must be there.
    pub(crate) async fn region(&self, id: RegionId) -> Result<Region, Failure> {
        self.store
            .region(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("region {id} is not in the store")))
    }

    /// A service that must be there.
    pub(crate) async fn service(
        &self,
        id: windlass_model::id::ServiceId,
    ) -> Result<Service, Failure> {
        self.store
            .service(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("service {id} is not in the store")))
    }

    /// A cluster that must be there.
    pub(crate) async fn cluster(
        &self,
        id: windlass_model::id::ClusterId,
    ) -> Result<Cluster, Failure> {
        self.store
            .cluster(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("cluster {id} is not in the store")))
    }

    /// Opens one secret.
    pub(crate) async fn reveal(
        &self,
        id: windlass_model::id::SecretId,
    ) -> Result<SecretString, Failure> {
        let mut secrets = self
            .store
            .reveal(&[id])
            .await
            .map_err(|error| failures::store(&error))?;
        secrets
            .pop()
            .map(|secret| secret.value)
            .ok_or_else(|| failures::internal(format!("secret {id} is not in the store")))
    }
}
