//! Clusters: from a row to a server that can be used.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use windlass_engine::{
    Attachment, ImageReference, Labels, Limits, Mount, NetworkSpec, Observation, Phase, Restart,
    Workload, labels,
};
use windlass_model::id::{EnvironmentId, InstanceId, RegionId};
use windlass_operations::{Effect, Failure, StoreError};
use windlass_records::{Change, Cluster, ClusterKind, ClusterState, Instance, Service};
use windlass_services::{Access, Driver, Endpoint, Error, Hosting, ServerSpec, Tls};

use crate::parts::Parts;
use crate::{catalogue, failures, ids, naming};

/// Between two tries to reach a server that is starting, at first. Short, for it is what a user waits for.
const START_POLL: Duration = Duration::from_millis(50);
/// The same for one that takes long: many who wait for one server must not keep it from starting.
const LONGEST_START_POLL: Duration = Duration::from_secs(1);

/// The host of a cluster that is no server: each instance of it has a place of its own.
const ELSEWHERE: &str = "elsewhere";

impl Parts {
    /// The cluster for an instance to be provisioned: its private one or the shared one of its service,
    /// recorded before anything is made.
    pub(crate) async fn cluster_for(
        &self,
        instance: &Instance,
        service: &Service,
    ) -> Result<Cluster, Failure> {
        loop {
            let existing = self
                .store
                .clusters()
                .await
                .map_err(|error| failures::store(&error))?
                .into_iter()
                .find(|cluster| {
                    cluster.service == service.id
                        && match cluster.kind {
                            ClusterKind::Private => cluster.instance == Some(instance.id),
                            ClusterKind::Shared | ClusterKind::External => service.shared,
                        }
                });
            if let Some(cluster) = existing {
                return Ok(cluster);
            }
            let owner = (!service.shared).then_some(instance.id);
            match self
                .store
                .commit(self.new_cluster(service, owner).await?)
                .await
            {
                // Someone else recorded it, or took the subnet, in between: look again.
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(failures::store(&error)),
            }
        }
    }

    async fn new_cluster(
        &self,
        service: &Service,
        owner: Option<InstanceId>,
    ) -> Result<Vec<Change>, Failure> {
        let now = self.now();
        let hosting = self.driver(service)?.hosting();
        if hosting == Hosting::Account {
            return Err(Failure::permanent(
                "no_account",
                format!("there is no account for service '{}'", service.identifier),
            )
            .with_hint(format!(
                "It is the operator's, who names it with --shared-cluster {}=https://ACCOUNT:KEY@HOST.",
                catalogue::title(&service.driver, &service.version)
            )));
        }
        let password = windlass_records::NewSecret {
            id: ids::mint(),
            value: ids::password(40),
            created_at: now,
        };
        let server = if hosting == Hosting::Server {
            Some(self.server(service, &password.value)?)
        } else {
            None
        };
        // A private server lives in its environment's network, and what runs elsewhere in none of ours.
        let subnet = if owner.is_some() || server.is_none() {
            None
        } else {
            let free = self.free_subnets(service.region, 1).await?;
            free.first().copied()
        };
        let cluster = Cluster {
            id: ids::mint(),
            region: service.region,
            service: service.id,
            kind: match (&server, owner) {
                (None, _) => ClusterKind::External,
                (Some(_), Some(_)) => ClusterKind::Private,
                (Some(_), None) => ClusterKind::Shared,
            },
            instance: owner,
            host: server.is_none().then(|| ELSEWHERE.to_owned()),
            port: server.as_ref().map(|server| server.port),
            administration_port: None,
            settings: None,
            administrator: server
                .map(|server| server.administrator)
                .unwrap_or_default(),
            password: password.id,
            database: None,
            subnet,
            state: ClusterState::New,
            created_at: now,
        };
        Ok(vec![
            Change::InsertSecret(password),
            Change::InsertCluster(cluster),
        ])
    }

    /// The lowest free subnet numbers of a region, all of them within the pool.
    pub(crate) async fn free_subnets(
        &self,
        region: RegionId,
        count: u32,
    ) -> Result<Vec<u32>, Failure> {
        let free = self
            .store
            .free_subnets(region, count)
            .await
            .map_err(|error| failures::store(&error))?;
        for number in &free {
            self.subnet(region, *number)?;
        }
        Ok(free)
    }

    /// Makes the cluster's server run if it is one of ours, waits until it can be used, and gives the
    /// administrator's access to it.
    pub(crate) async fn ensure_cluster(
        &self,
        cluster: &Cluster,
        service: &Service,
    ) -> Result<Access, Failure> {
        let driver = self.driver(service)?;
        let deadline = match cluster.kind {
            ClusterKind::External => Duration::ZERO,
            ClusterKind::Shared | ClusterKind::Private => {
                let password = self.reveal(cluster.password).await?;
                let server = self.server(service, &password)?;
                // What was ready and runs lacks nothing, as for the reconciler.
                if cluster.state != ClusterState::Ready || self.host(cluster).await?.is_none() {
                    self.ensure_server(cluster, service, &server).await?;
                }
                server.start_deadline
            }
        };
        let access = self
            .wait_for_cluster(cluster, service, driver.as_ref(), deadline)
            .await?;
        if cluster.state == ClusterState::New {
            let ready = Change::SetClusterState {
                id: cluster.id,
                from: ClusterState::New,
                to: ClusterState::Ready,
            };
            match self.store.commit(vec![ready]).await {
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(failures::store(&error)),
            }
        }
        Ok(access)
    }

    /// The administrator's access to a cluster that can be used: at once to one that was ready before and
    /// whose server runs, else as [`Self::ensure_cluster`].
    pub(crate) async fn usable_cluster(
        &self,
        cluster: &Cluster,
        service: &Service,
    ) -> Result<Access, Failure> {
        if cluster.state == ClusterState::Ready
            && let Some(host) = self.host(cluster).await?
        {
            return self.access_at(cluster, service, host).await;
        }
        self.ensure_cluster(cluster, service).await
    }

    /// Makes the server of a cluster of ours run, without waiting until it can be used.
    pub(crate) async fn start_cluster(
        &self,
        cluster: &Cluster,
        service: &Service,
    ) -> Result<(), Failure> {
        let password = self.reveal(cluster.password).await?;
        let server = self.server(service, &password)?;
        self.ensure_server(cluster, service, &server)
            .await
            .map(drop)
    }

    async fn wait_for_cluster(
        &self,
        cluster: &Cluster,
        service: &Service,
        driver: &dyn Driver,
        deadline: Duration,
    ) -> Result<Access, Failure> {
        let started = tokio::time::Instant::now();
        loop {
            let access = self.access(cluster, service).await?;
            match driver.prepare(&access).await {
                Ok(()) => return Ok(access),
                // A server that is starting refuses connections, or says that it is starting.
                Err(Error::Unreachable { .. } | Error::NoAnswer { .. })
                    if started.elapsed() < deadline =>
                {
                    let pause = started.elapsed() / 20;
                    tokio::time::sleep(pause.clamp(START_POLL, LONGEST_START_POLL)).await;
                }
                Err(error) => return Err(failures::service(&error)),
            }
        }
    }

    /// Where this process reaches the cluster's server; `None` when a server of ours does not run.
    async fn host(&self, cluster: &Cluster) -> Result<Option<String>, Failure> {
        if let Some(host) = &cluster.host {
            return Ok(Some(host.clone()));
        }
        let observed = self
            .engine(cluster.region)?
            .inspect(&naming::cluster_container(cluster.id))
            .await
            .map_err(|error| failures::engine(&error))?;
        Ok(observed
            .filter(|observed| observed.phase == Phase::Running)
            .as_ref()
            .and_then(first_address))
    }

    /// Where this machine reaches a cluster's server as applications do; nothing while it does not run, or where it
    /// has a name and no address.
    pub(crate) async fn cluster_addresses(
        &self,
        cluster: &Cluster,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let host = self.host(cluster).await?;
        let address = host.and_then(|host| host.parse::<IpAddr>().ok());
        Ok(match (address, cluster.port) {
            (Some(address), Some(port)) => vec![SocketAddr::from((address, port))],
            _ => Vec::new(),
        })
    }

    /// The administrator's access to a cluster, without asking whether it can be used.
    pub(crate) async fn access(
        &self,
        cluster: &Cluster,
        service: &Service,
    ) -> Result<Access, Failure> {
        let host = self.host(cluster).await?.ok_or_else(|| {
            let kind = in_words(cluster.kind);
            let message = format!("the server of {kind} of '{}' does not run", service.identifier);
            Failure {
                effect: Effect::None,
                ..Failure::transient(failures::UNREACHABLE, message)
            }
            .with_hint("The server is started again by itself; look at 'docker logs' of its container if it is not.")
        })?;
        self.access_at(cluster, service, host).await
    }

    async fn access_at(
        &self,
        cluster: &Cluster,
        service: &Service,
        host: String,
    ) -> Result<Access, Failure> {
        let region = self.region(cluster.region).await?;
        let usual = self.driver(service)?.administration_port();
        let administration = usual.map(|port| cluster.administration_port.unwrap_or(port));
        Ok(Access {
            cluster: cluster.id,
            description: format!(
                "{} of '{}' in region {}",
                in_words(cluster.kind),
                service.identifier,
                region.slug
            ),
            endpoint: Endpoint {
                host,
                port: administration.or(cluster.port).unwrap_or_default(),
            },
            application_port: cluster.port.unwrap_or_default(),
            user: cluster.administrator.clone(),
            password: self.reveal(cluster.password).await?,
            database: cluster.database.clone(),
            tls: Tls::Off,
            settings: cluster.settings.clone(),
        })
    }

    /// Where the applications of an environment find the cluster.
    pub(crate) fn application_endpoint(cluster: &Cluster) -> Endpoint {
        Endpoint {
            host: cluster
                .host
                .clone()
                .unwrap_or_else(|| naming::cluster_container(cluster.id)),
            port: cluster.port.unwrap_or_default(),
        }
    }

    async fn ensure_server(
        &self,
        cluster: &Cluster,
        service: &Service,
        server: &ServerSpec,
    ) -> Result<Observation, Failure> {
        let engine = self.engine(cluster.region)?;
        let name = naming::cluster_container(cluster.id);
        let labels = naming::installation_labels(&self.installation)
            .with(labels::ROLE, "cluster")
            .with(labels::CLUSTER, cluster.id);
        let network = match (cluster.subnet, cluster.instance) {
            (Some(number), _) => {
                let spec = NetworkSpec {
                    name: naming::cluster_network(cluster.id),
                    subnet: self.subnet(cluster.region, number)?,
                    labels: labels.clone(),
                };
                engine
                    .ensure_network(&spec)
                    .await
                    .map_err(|error| failures::engine(&error))?;
                spec.name
            }
            (None, Some(instance)) => {
                let instance = self
                    .store
                    .instance(instance)
                    .await
                    .map_err(|error| failures::store(&error))?
                    .ok_or_else(|| {
                        failures::internal(format!("instance {instance} is not in the store"))
                    })?;
                self.ensure_environment_network(instance.environment)
                    .await?
            }
            (None, None) => {
                return Err(failures::internal(format!(
                    "cluster {} has no network",
                    cluster.id
                )));
            }
        };
        // The image that the container was made from stays: a newer one under the same name is taken
        // up by an operation of its own, never by the way.
        let observed = engine
            .inspect(&name)
            .await
            .map_err(|error| failures::engine(&error))?;
        let image = match observed {
            Some(observed) => observed.image,
            None => self.service_image(service, &server.image).await?,
        };
        if cluster.state == ClusterState::Ready {
            self.require_volumes(cluster, server, &labels).await?;
        }
        for volume in &server.volumes {
            let volume_name = naming::cluster_volume(cluster.id, &volume.name);
            engine
                .ensure_volume(&volume_name, &labels)
                .await
                .map_err(|error| failures::engine(&error))?;
        }
        let workload = Workload {
            name: name.clone(),
            image,
            command: server.command.clone(),
            entrypoint: None,
            environment: server.environment.clone(),
            files: server.files.clone(),
            networks: vec![Attachment {
                network,
                aliases: vec![name],
            }],
            mounts: server
                .volumes
                .iter()
                .map(|volume| Mount {
                    volume: naming::cluster_volume(cluster.id, &volume.name),
                    path: volume.path.clone(),
                })
                .collect(),
            limits: Limits {
                memory_bytes: service.memory_bytes,
                cpu_millis: service.cpu_millis,
                ..Limits::default()
            },
            restart: Restart::Always,
            health: None,
            stop_grace: server.stop_grace,
            labels,
        };
        engine
            .ensure(&workload)
            .await
            .map_err(|error| failures::engine(&error))
    }

    /// The data of a cluster that held instances is still there: an empty volume in its place would look
    /// like a server that works.
    async fn require_volumes(
        &self,
        cluster: &Cluster,
        server: &ServerSpec,
        labels: &Labels,
    ) -> Result<(), Failure> {
        let engine = self.engine(cluster.region)?;
        let there = engine
            .volumes(labels)
            .await
            .map_err(|error| failures::engine(&error))?;
        for volume in &server.volumes {
            let name = naming::cluster_volume(cluster.id, &volume.name);
            if !there.iter().any(|(found, _)| *found == name) {
                return Err(Failure::permanent(
                    "data_missing",
                    format!("the volume '{name}' with the data of the cluster is not on the engine"),
                )
                .with_hint("Bring the volume back under that name; Windlass does not begin an empty one over it."));
            }
        }
        Ok(())
    }

    async fn service_image(
        &self,
        service: &Service,
        image: &ImageReference,
    ) -> Result<windlass_engine::ImageId, Failure> {
        let engine = self.engine(service.region)?;
        engine
            .image(image)
            .await
            .map_err(|error| failures::engine(&error))?
            .ok_or_else(|| {
                Failure::permanent(
                    "image_missing",
                    format!(
                        "the image '{image}' of service '{}' is not on the engine",
                        service.identifier
                    ),
                )
                .with_hint(format!(
                    "Run 'windlass images prepare {image}' on the server's machine, then try again."
                ))
            })
    }

    /// Makes the network of an environment, and gives its name.
    pub(crate) async fn ensure_environment_network(
        &self,
        environment: EnvironmentId,
    ) -> Result<String, Failure> {
        let scene = self.scene(environment).await?;
        let engine = self.engine(scene.application.region)?;
        let spec = NetworkSpec {
            name: naming::environment_network(environment),
            subnet: self.subnet(scene.application.region, scene.environment.subnet)?,
            labels: scene
                .labels(&self.installation)
                .with(labels::ROLE, "network"),
        };
        engine
            .ensure_network(&spec)
            .await
            .map_err(|error| failures::engine(&error))?;
        Ok(spec.name)
    }

    /// Lets the containers of an environment reach the server of a shared cluster of ours.
    pub(crate) async fn connect_cluster(
        &self,
        cluster: &Cluster,
        environment: EnvironmentId,
    ) -> Result<(), Failure> {
        if cluster.kind != ClusterKind::Shared {
            return Ok(());
        }
        let network = self.ensure_environment_network(environment).await?;
        let name = naming::cluster_container(cluster.id);
        let attachment = Attachment {
            network,
            aliases: vec![name.clone()],
        };
        self.engine(cluster.region)?
            .connect(&name, &attachment)
            .await
            .map_err(|error| failures::engine(&error))
    }

    /// Destroys the server of a private cluster and its data.
    pub(crate) async fn remove_private_cluster(
        &self,
        cluster: &Cluster,
        service: &Service,
    ) -> Result<(), Failure> {
        let engine = self.engine(cluster.region)?;
        engine
            .remove(&naming::cluster_container(cluster.id))
            .await
            .map_err(|error| failures::engine(&error))?;
        let password = self.reveal(cluster.password).await?;
        let server = self.server(service, &password)?;
        for volume in &server.volumes {
            let name = naming::cluster_volume(cluster.id, &volume.name);
            engine
                .remove_volume(&name)
                .await
                .map_err(|error| failures::engine(&error))?;
        }
        Ok(())
    }
}

fn in_words(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::External => "the operator's cluster",
        ClusterKind::Shared => "the shared cluster",
        ClusterKind::Private => "the private cluster",
    }
}

fn first_address(observation: &Observation) -> Option<String> {
    observation
        .addresses
        .first()
        .map(|(_, address)| address.to_string())
}
