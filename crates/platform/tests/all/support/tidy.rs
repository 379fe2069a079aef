//! Whether the world is tidy: everything outside is known to a row, and everything that rows promise is
//! there. Holds whenever no operation is at work.

use std::collections::{BTreeMap, BTreeSet};

use windlass_engine::Engine;
use windlass_engine::simulated::Snapshot;
use windlass_model::id::{ClusterId, short};
use windlass_records::{
    BindingState, Cluster, ClusterKind, ClusterState, DeploymentFilter, Environment, Instance,
    InstanceFilter, OperationFilter, PageRequest, Release, Store,
};
use windlass_services::simulated::InstanceSnapshot;

use super::World;
use super::looks::web_container;

/// Fails with a text.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}
pub(crate) use ensure;

const ALL: u32 = 100_000;

/// What the rows say.
struct Rows {
    environments: Vec<(Environment, String)>,
    running: Vec<Release>,
    releases: Vec<(String, Release)>,
    instances: Vec<Instance>,
    clusters: Vec<Cluster>,
}

impl World {
    /// Everything outside is known to a row, and everything that rows promise is there.
    pub(crate) async fn check_tidy(&self) -> Result<(), String> {
        let rows = self.rows().await;
        let outside = self.engine.snapshot();
        check_containers(&rows, &outside)?;
        check_networks_and_volumes(&rows, &outside)?;
        check_images(&rows, &outside)?;
        self.check_logs().await?;
        self.check_databases(&rows)?;
        self.check_users(&rows).await?;
        self.check_media(&rows)?;
        self.check_routes(&rows).await?;
        self.check_operations().await
    }

    /// What is on the clusters whose data exists, by short ids: the simulated server of a private cluster
    /// does not know that its volume is gone.
    pub(crate) fn databases(&self) -> BTreeMap<String, InstanceSnapshot> {
        let volumes = self.engine.snapshot().volumes;
        let exists = |cluster: &ClusterId| volumes.contains(&volume(*cluster));
        let clusters = self.driver.snapshot().clusters;
        clusters
            .into_iter()
            .filter(|(cluster, _)| exists(cluster))
            .flat_map(|(_, instances)| instances)
            .collect()
    }

    async fn rows(&self) -> Rows {
        let mut rows = Rows {
            environments: Vec::new(),
            running: Vec::new(),
            releases: Vec::new(),
            instances: Vec::new(),
            clusters: self.store.clusters().await.expect("the store answers"),
        };
        for environment in self.store.all_environments().await.expect("it answers") {
            let application = self.store.application(environment.application).await;
            let slug = application.expect("it answers").expect("it is there").slug;
            if let Some(release) = self.release(environment.id).await {
                rows.running.push(release);
            }
            let all = self
                .store
                .releases(environment.id, &PageRequest::first(ALL))
                .await;
            let all = all.expect("the store answers").rows;
            rows.releases
                .extend(all.into_iter().map(|release| (slug.to_string(), release)));
            rows.environments.push((environment, slug.to_string()));
        }
        let all = self
            .store
            .instances(&InstanceFilter::default(), &PageRequest::first(ALL))
            .await;
        rows.instances = all.expect("the store answers").rows;
        rows
    }

    /// No log is left of a deployment that is not known.
    async fn check_logs(&self) -> Result<(), String> {
        let (filter, all) = (DeploymentFilter::default(), PageRequest::first(ALL));
        let known = self.store.deployments(&filter, &all).await;
        let known = known.expect("the store answers").rows;
        let there = self.logs();
        check_known(
            "logs",
            &there.iter().map(String::as_str).collect(),
            &BTreeSet::new(),
            &known.iter().map(|row| format!("{}.log", row.id)).collect(),
        )
    }

    fn check_databases(&self, rows: &Rows) -> Result<(), String> {
        let databases = self.databases();
        let there: BTreeSet<String> = databases.keys().cloned().collect();
        let promised: BTreeSet<String> = rows
            .instances
            .iter()
            .filter(|instance| instance.state.is_provisioned())
            .map(|instance| short(instance.id))
            .collect();
        ensure!(
            there == promised,
            "databases: there are {there:?}, promised are {promised:?}"
        );
        for (name, database) in databases {
            ensure!(database.is_ready, "database {name} is half made");
            ensure!(
                database.locked_users.is_empty(),
                "database {name} has half made users: {:?}",
                database.locked_users
            );
        }
        Ok(())
    }

    /// Exactly the users of running releases exist, in the rows and on the servers.
    async fn check_users(&self, rows: &Rows) -> Result<(), String> {
        let mut recorded = BTreeSet::new();
        for instance in &rows.instances {
            let bindings = self.store.bindings(instance.id).await.expect("it answers");
            for binding in bindings {
                ensure!(
                    binding.state == BindingState::Active,
                    "a binding is left over: {binding:?}"
                );
                recorded.insert(user(&short(instance.id), binding.generation));
            }
        }
        let mut pinned = BTreeSet::new();
        for release in &rows.running {
            for binding in &release.bindings {
                let row = self
                    .store
                    .binding(binding.binding)
                    .await
                    .expect("it answers");
                let row = row.expect("a pinned binding is there");
                pinned.insert(user(&short(binding.instance), row.generation));
            }
        }
        let there = self.users();
        ensure!(
            there == pinned && recorded == pinned,
            "users: on the servers {there:?}, in rows {recorded:?}, in running releases {pinned:?}"
        );
        Ok(())
    }

    /// What is public on its server is so in its row, and no name leads to what is not.
    fn check_media(&self, rows: &Rows) -> Result<(), String> {
        let databases = self.databases();
        for instance in &rows.instances {
            let held = databases.get(&short(instance.id));
            let is_public = held.is_some_and(|held| held.is_public);
            ensure!(
                is_public == (instance.public && instance.state.is_provisioned()),
                "{instance:?} is public on its server: {is_public}"
            );
        }
        let public = |name: &str| {
            let mut instances = rows.instances.iter();
            instances.any(|it| it.public && name == format!("svc_{}", short(it.id)))
        };
        for route in &self.router.table().routes {
            if let Some(name) = &route.upstream_host {
                ensure!(public(name), "{} leads to what is private", route.host);
            }
        }
        Ok(())
    }

    async fn check_routes(&self, rows: &Rows) -> Result<(), String> {
        let table = self.router.table();
        for release in &rows.running {
            let routes = table
                .routes
                .iter()
                .filter(|route| route.environment == release.environment)
                .filter(|route| route.upstream_host.is_none());
            let mut found = 0;
            for route in routes {
                found += 1;
                let observed = self.engine.inspect(&web_container(release)).await;
                let observed = observed.expect("the engine answers");
                let address = observed.and_then(|it| Some(it.addresses.first()?.1));
                let at: Vec<_> = route
                    .upstreams
                    .iter()
                    .map(std::net::SocketAddr::ip)
                    .collect();
                ensure!(
                    route.release == Some(release.id) && address.is_some_and(|it| at == [it]),
                    "the route of {} leads to {:?} at {at:?}, release {} runs at {address:?}",
                    route.host,
                    route.release,
                    release.number
                );
            }
            ensure!(found == release.hosts.len(), "{found} routes: {table:?}");
        }
        let sites = table.routes.iter();
        for route in sites.filter(|route| route.upstream_host.is_none()) {
            let runs = rows
                .running
                .iter()
                .any(|release| release.environment == route.environment);
            ensure!(
                runs || route.upstreams.is_empty(),
                "a route leads to nothing that runs: {route:?}"
            );
        }
        Ok(())
    }

    async fn check_operations(&self) -> Result<(), String> {
        let all = self
            .store
            .operations(&OperationFilter::default(), &PageRequest::first(ALL))
            .await;
        for operation in all.expect("the store answers").rows {
            ensure!(
                operation.state.is_finished(),
                "an operation is not finished: {operation:?}"
            );
        }
        Ok(())
    }
}

fn check_containers(rows: &Rows, outside: &Snapshot) -> Result<(), String> {
    let there: BTreeSet<&str> = outside.container_names().into_iter().collect();
    let processes = rows.running.iter().flat_map(|release| {
        release.processes.iter().flat_map(|process| {
            (1..=process.count)
                .map(|index| format!("windlass-{}-{}-{index}", short(release.id), process.name))
        })
    });
    check_known(
        "containers",
        &there,
        &processes
            .chain(servers(rows, ClusterState::Ready))
            .collect(),
        &servers(rows, ClusterState::New).collect(),
    )
}

fn check_networks_and_volumes(rows: &Rows, outside: &Snapshot) -> Result<(), String> {
    let name = |environment: &Environment| format!("windlass-env-{}", short(environment.id));
    let runs = |environment: &Environment| environment.running_release.is_some();
    let environments = || rows.environments.iter().map(|(environment, _)| environment);
    let shared = rows
        .clusters
        .iter()
        .filter(|cluster| cluster.kind == ClusterKind::Shared)
        .map(|cluster| server(cluster.id));
    check_known(
        "networks",
        &outside.networks.iter().map(String::as_str).collect(),
        &environments().filter(|it| runs(it)).map(name).collect(),
        &environments().map(name).chain(shared).collect(),
    )?;
    let data = |server: String| format!("{server}-data");
    check_known(
        "volumes",
        &outside.volumes.iter().map(String::as_str).collect(),
        &servers(rows, ClusterState::Ready).map(data).collect(),
        &servers(rows, ClusterState::New).map(data).collect(),
    )
}

/// Each release that passed its pivot holds its image by its deployment's tag; nothing else has one.
fn check_images(rows: &Rows, outside: &Snapshot) -> Result<(), String> {
    let there = outside.images.iter().map(String::as_str);
    let tags = rows
        .releases
        .iter()
        .map(|(slug, release)| format!("windlass/{slug}:{}", short(release.deployment)));
    check_known(
        "image tags",
        &there.filter(|name| name.starts_with("windlass/")).collect(),
        &tags.collect(),
        &BTreeSet::new(),
    )
}

fn check_known(
    what: &str,
    there: &BTreeSet<&str>,
    promised: &BTreeSet<String>,
    allowed: &BTreeSet<String>,
) -> Result<(), String> {
    let missing: Vec<_> = promised
        .iter()
        .filter(|name| !there.contains(name.as_str()))
        .collect();
    let unknown: Vec<_> = there
        .iter()
        .filter(|name| !promised.contains(**name) && !allowed.contains(**name))
        .collect();
    ensure!(missing.is_empty(), "{what} that are missing: {missing:?}");
    ensure!(unknown.is_empty(), "{what} that no row knows: {unknown:?}");
    Ok(())
}

fn servers(rows: &Rows, state: ClusterState) -> impl Iterator<Item = String> {
    rows.clusters
        .iter()
        .filter(move |cluster| cluster.state == state && cluster.kind != ClusterKind::External)
        .map(|cluster| server(cluster.id))
}

fn server(cluster: ClusterId) -> String {
    format!("windlass-cluster-{}", short(cluster))
}

fn volume(cluster: ClusterId) -> String {
    format!("{}-data", server(cluster))
}

fn user(instance: &str, generation: u32) -> String {
    format!("svc_{instance}_{generation}")
}
