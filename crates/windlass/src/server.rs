//! `windlass server`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use secrecy::SecretString;
use tokio::net::TcpListener;
use windlass_api::ApiSettings;
use windlass_builder::{BuilderSettings, FileLogs, GitBuilder, RemotePolicy};
use windlass_engine_docker::{DockerEngine, DockerSettings};
use windlass_operations::SystemClock;
use windlass_platform::{
    Backends, KEPT_RELEASES, LEAST_KEPT_RELEASES, Platform, RegionBackends, RegionSettings,
    Settings, SubnetPool, installation_id,
};
use windlass_records::Store;
use windlass_router::control::SocketControl;
use windlass_service_broker::{BrokerDriver, BrokerMarket, Settings as BrokerSettings};
use windlass_service_drivers::azure::AzureDriver;
use windlass_service_drivers::external::ExternalDriver;
use windlass_service_drivers::garage::GarageDriver;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_service_drivers::redis::RedisDriver;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::Driver;
use windlass_store::{OpenError, SqliteStore};

use crate::regions::Region;
use crate::state::StateOptions;
use crate::{catalogue, clusters, paths, regions, stop, templates, token};

/// How long another server's lock is waited for: longer than any program takes to be started.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Options of the server.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    state: StateOptions,
    /// Where the API is served, by plain HTTP. Others reach it by TLS through the router, see --router-tls-port.
    #[arg(
        long,
        env = "WINDLASS_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000"
    )]
    listen: SocketAddr,
    /// The URL under which users reach the API. If left out, HTTPS at api.DOMAIN with --router-tls-port, else HTTP at
    /// the address above.
    #[arg(long, env = "WINDLASS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The domain under which sites are served, as APPLICATION-ENVIRONMENT.DOMAIN.
    #[arg(long, env = "WINDLASS_DOMAIN", default_value = "localhost")]
    domain: String,
    /// The port of the router in the URLs of sites.
    #[arg(
        long,
        env = "WINDLASS_ROUTER_PORT",
        value_name = "PORT",
        default_value_t = 8080
    )]
    router_port: u16,
    /// The port of the router's TLS as users reach it, 443 usually, if it serves sites by that. The URLs of sites are
    /// then https, and the router serves the API as api.DOMAIN and control.DOMAIN. A certificate for *.DOMAIN is all that
    /// both need.
    #[arg(
        long,
        env = "WINDLASS_ROUTER_TLS_PORT",
        value_name = "PORT",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    router_tls_port: Option<u16>,
    /// The router has a certificate for *.s3.REGION.DOMAIN, too: applications are told to reach buckets by https
    /// there, and so can the browsers that they give links to.
    #[arg(long, env = "WINDLASS_STORAGE_HTTPS", requires = "router_tls_port")]
    storage_https: bool,
    /// The name of this machine's region.
    #[arg(
        long,
        env = "WINDLASS_REGION",
        value_name = "NAME",
        default_value = "local"
    )]
    region: String,
    /// Further regions, each with a Docker Engine, subnets and servers of its own (a TOML file; see the guide
    /// "Operating"). Applications that name no region are in this machine's.
    #[arg(long, env = "WINDLASS_REGIONS", value_name = "FILE")]
    regions: Option<PathBuf>,
    /// What this machine's region offers: services (postgres-15-shared) or whole types (postgres). If left out, all that
    /// the catalogue has.
    #[arg(
        long,
        env = "WINDLASS_OFFER",
        value_name = "SERVICE",
        value_delimiter = ','
    )]
    offer: Vec<String>,
    /// Further files of the catalogue (*.toml), one for each type: a file of a name that there is replaces it.
    #[arg(long, env = "WINDLASS_CATALOGUE", value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// What new applications can begin with (*.toml), one file for each template: its name, the url of its zip archive
    /// or the directory with its files, release commands and services.
    #[arg(long, env = "WINDLASS_TEMPLATES", value_name = "DIR")]
    templates: Option<PathBuf>,
    /// The socket of the Docker Engine.
    #[arg(
        long,
        env = "WINDLASS_DOCKER_SOCKET",
        value_name = "FILE",
        default_value = "/var/run/docker.sock"
    )]
    docker_socket: PathBuf,
    /// A server of yours for the shared cluster of a type, as TYPE-VERSION=URL with its administrator
    /// (postgres-15=postgres://user:password@host:5432/database), reachable under that name from here and from
    /// containers; `?administration_port=` where it has another than its type's usual one. In the variable
    /// several are parted by spaces. For the types that are left out Windlass runs one itself; one that is an account
    /// with a provider (`azure-blob-1=https://ACCOUNT:KEY@ACCOUNT.blob.core.windows.net`,
    /// `s3-endpoint-1=https://KEYID:SECRET@s3.REGION.amazonaws.com`, the keys percent-encoded) is offered only if it is
    /// named.
    #[arg(
        long,
        env = "WINDLASS_SHARED_CLUSTERS",
        value_name = "TYPE-VERSION=URL",
        value_delimiter = ' ',
        hide_env_values = true
    )]
    shared_cluster: Vec<SecretString>,
    /// Certificates (*.crt) that builds trust besides the usual ones.
    #[arg(
        long,
        env = "WINDLASS_EXTRA_CERTIFICATES",
        value_name = "DIR",
        default_value = "/usr/local/share/ca-certificates"
    )]
    extra_certificates: PathBuf,
    /// Directories on this machine whose git repositories may be deployed by path. Who may deploy may then
    /// read them. If left out, none.
    #[arg(
        long,
        env = "WINDLASS_SOURCE_PATHS",
        value_name = "DIR",
        value_delimiter = ':'
    )]
    source_path: Vec<PathBuf>,
    /// How long a new release has to answer its health check, in seconds.
    #[arg(long, env = "WINDLASS_HEALTH_TIMEOUT", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    health_timeout: u64,
    /// How long a release command may run, in seconds.
    #[arg(long, env = "WINDLASS_RELEASE_COMMAND_TIMEOUT", value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86400))]
    release_command_timeout: u64,
    /// How long requests to the old release have to end after a switch, in seconds.
    #[arg(long, env = "WINDLASS_DRAIN_DEADLINE", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3600))]
    drain_deadline: u64,
    /// How long a broker of services has to answer a request, in seconds. What it says that it works on may take
    /// as long as its plan says, an hour at the most.
    #[arg(long, env = "WINDLASS_BROKER_TIMEOUT", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    broker_timeout: u64,
    /// How many releases of an environment are kept for rollbacks, each with its image; at least 2. Older ones
    /// are forgotten, with the secrets that only they have.
    #[arg(long, env = "WINDLASS_KEEP_RELEASES", value_name = "COUNT", default_value_t = KEPT_RELEASES, value_parser = clap::value_parser!(u32).range(i64::from(LEAST_KEPT_RELEASES)..=10_000))]
    keep_releases: u32,
    /// Where the subnets of environments are taken from, a /24 each. Chosen at the first start: networks
    /// that exist keep theirs, and are refused under another pool. Two servers on one Docker Engine need
    /// pools that do not overlap.
    #[arg(
        long,
        env = "WINDLASS_SUBNET_POOL",
        value_name = "SUBNET",
        default_value_t
    )]
    subnet_pool: SubnetPool,
    /// Refuse builds and pushes with less free disk space than this, in MiB.
    #[arg(
        long,
        env = "WINDLASS_MINIMUM_FREE_MIB",
        value_name = "MIB",
        default_value_t = 1024
    )]
    minimum_free_mib: u64,
}

pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> anyhow::Result<()> {
    let stop = stop::on_signal()?;
    let store: Arc<dyn Store> = Arc::new(open_store(&options.state).await?);
    let installation = installation_id(store.as_ref()).await?;
    let id_file = paths::installation_id_file(&options.state.state_dir);
    std::fs::write(&id_file, format!("{installation}\n"))
        .with_context(|| format!("writing {}", id_file.display()))?;
    let builder = Arc::new(builder(&options)?);
    let regions = regions(&options)?;
    let backends = backends(
        &options,
        &regions,
        store.clone(),
        builder.clone(),
        &installation,
    )?;
    let mut settings = settings(&options, regions)?;
    // Before anything is written: an address that is taken must not use the first start up.
    let listener = TcpListener::bind(options.listen).await.with_context(|| {
        format!(
            "listening on {}: is another server running there?",
            options.listen
        )
    })?;
    if options.router_tls_port.is_some() {
        settings.routed_api = Some(reached_from_here(listener.local_addr()?));
    }
    let first_start = store.organisations().await?.is_empty();
    let platform = Platform::open(backends, settings).await?;
    token::remember_administrator(store.as_ref(), &platform, &options.state.state_dir).await?;
    tracing::info!(listen = %options.listen, state_dir = %options.state.state_dir.display(), installation = platform.installation(), "the server is ready");
    token::announce(first_start, &options.state.state_dir, &public_url(&options))?;
    let worker = platform.clone();
    let work = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    windlass_api::serve(
        listener,
        platform,
        ApiSettings::new(public_url(&options)),
        stop.clone(),
    )
    .await;
    builder.close().await;
    work.await.context("the operations' task")
}

/// Opens the store. One that is in use is asked for again: a program that a killed server was just starting
/// (git) holds the lock for the moment until it is the program that it will be.
async fn open_store(state: &StateOptions) -> Result<SqliteStore, OpenError> {
    let begun = Instant::now();
    loop {
        match SqliteStore::open(state.store()).await {
            Err(OpenError::InUse { .. }) if begun.elapsed() < LOCK_PATIENCE => {
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            other => return other,
        }
    }
}

fn builder(options: &Options) -> anyhow::Result<GitBuilder> {
    Ok(GitBuilder::new(BuilderSettings {
        certificates: BuilderSettings::added_certificates(&options.extra_certificates)
            .with_context(|| format!("reading {}", options.extra_certificates.display()))?,
        minimum_free_bytes: options.minimum_free_mib * 1024 * 1024,
        remotes: RemotePolicy {
            paths: options.source_path.clone(),
            ..RemotePolicy::default()
        },
        proxies: proxies(),
        ..BuilderSettings::new(paths::repositories(&options.state.state_dir))
    })?)
}

fn backends(
    options: &Options,
    regions: &[Region],
    store: Arc<dyn Store>,
    builder: Arc<GitBuilder>,
    installation: &str,
) -> anyhow::Result<Backends> {
    let logs = FileLogs::new(paths::deployment_logs(&options.state.state_dir))
        .context("the logs of deployments")?;
    paths::make_router_directory(&options.state.state_dir).context("the router's directory")?;
    Ok(Backends {
        store,
        regions: regions
            .iter()
            .map(|region| region_backends(options, region, installation))
            .collect(),
        marketplace: Arc::new(BrokerMarket::new(broker_settings(options))),
        builder,
        logs: Arc::new(logs),
        router: Arc::new(SocketControl::new(
            paths::route_table(&options.state.state_dir),
            paths::router_socket(&options.state.state_dir),
        )),
        clock: Arc::new(SystemClock),
    })
}

fn region_backends(options: &Options, region: &Region, installation: &str) -> RegionBackends {
    // Connects when it is first needed: a server whose engine is down still answers, and says so.
    let engine = DockerEngine::new(DockerSettings {
        socket: region.docker_socket.clone(),
        isolated_subnets: Some(region.settings.subnet_pool.to_string()),
        ..DockerSettings::new(installation)
    });
    RegionBackends {
        region: region.settings.name.clone(),
        kind: "docker".to_owned(),
        engine: Arc::new(engine),
        drivers: drivers(options, &region.settings),
    }
}

/// One driver for each type of service.
fn drivers(options: &Options, region: &RegionSettings) -> Vec<Arc<dyn Driver>> {
    vec![
        Arc::new(PostgresDriver::new()),
        Arc::new(MysqlDriver::mariadb()),
        Arc::new(MysqlDriver::mysql()),
        Arc::new(MongodbDriver::mongodb()),
        Arc::new(MongodbDriver::ferretdb()),
        Arc::new(garage(options, region)),
        Arc::new(AzureDriver::new()),
        Arc::new(S3EndpointDriver::new()),
        Arc::new(OpensearchDriver::opensearch()),
        Arc::new(OpensearchDriver::elasticsearch()),
        Arc::new(ExternalDriver::new()),
        Arc::new(RedisDriver::redis()),
        Arc::new(RedisDriver::valkey()),
        Arc::new(MemcachedDriver::new()),
        Arc::new(RabbitmqDriver::new()),
        Arc::new(BrokerDriver::new(broker_settings(options))),
    ]
}

fn garage(options: &Options, region: &RegionSettings) -> GarageDriver {
    let driver = GarageDriver::in_region(&region.name, &region.domain);
    match options.router_tls_port {
        Some(port) if options.storage_https => driver.by_https(port),
        _ => driver,
    }
}

fn broker_settings(options: &Options) -> BrokerSettings {
    BrokerSettings {
        request: Duration::from_secs(options.broker_timeout),
        // Repeated by the operation besides, which others can see and cancel.
        patience: Duration::from_mins(2),
        ..BrokerSettings::default()
    }
}

/// The proxy variables of this machine, for git and builds, which do not see the server's environment.
fn proxies() -> Vec<(String, String)> {
    ["http_proxy", "https_proxy", "no_proxy"]
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_ascii_uppercase()])
        .filter_map(|name| {
            std::env::var_os(&name).and_then(|value| Some((name, value.into_string().ok()?)))
        })
        .collect()
}

/// The region of this machine, and those of the file.
fn regions(options: &Options) -> anyhow::Result<Vec<Region>> {
    let named = options.shared_cluster.iter();
    let own = Region {
        settings: RegionSettings {
            name: options.region.clone(),
            domain: options.domain.clone(),
            offered: (!options.offer.is_empty()).then(|| options.offer.clone()),
            external_clusters: named.map(clusters::parse).collect::<Result<_, _>>()?,
            subnet_pool: options.subnet_pool,
        },
        docker_socket: options.docker_socket.clone(),
    };
    regions::all(own, options.regions.as_deref())
}

fn settings(options: &Options, regions: Vec<Region>) -> anyhow::Result<Settings> {
    Ok(Settings {
        regions: regions.into_iter().map(|region| region.settings).collect(),
        catalogue: catalogue::read(options.catalogue.as_deref())?,
        templates: templates::read(options.templates.as_deref())?,
        router_port: options.router_port,
        router_tls_port: options.router_tls_port,
        public_url: public_url(options),
        token_file: paths::token_file(&options.state.state_dir),
        release_command_timeout: Duration::from_secs(options.release_command_timeout),
        health_timeout: Duration::from_secs(options.health_timeout),
        drain_deadline: Duration::from_secs(options.drain_deadline),
        keep_releases: options.keep_releases,
        ..Settings::default()
    })
}

fn public_url(options: &Options) -> String {
    match (&options.public_url, options.router_tls_port) {
        (Some(url), _) => url.clone(),
        (None, Some(443)) => format!("https://api.{}", options.domain),
        (None, Some(port)) => format!("https://api.{}:{port}", options.domain),
        (None, None) => format!("http://{}", options.listen),
    }
}

/// How the router, on the same machine, reaches what listens on an address.
fn reached_from_here(listens: SocketAddr) -> SocketAddr {
    let ip = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listens.port())
}
