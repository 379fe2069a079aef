//! A server on simulated back ends, on a port of its own.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use windlass_api::ApiSettings;
use windlass_builder::{BuilderSettings, FileLogs, GitBuilder};
use windlass_delivery::routing::SimulatedRouter;
use windlass_engine::simulated::{Behaviour, SimulatedEngine, SimulatedSettings};
use windlass_operations::SystemClock;
use windlass_platform::{
    Backends, ExternalCluster, Platform, RegionBackends, RegionSettings, Settings, installation_id,
};
use windlass_services::simulated::{SimulatedDriver, SimulatedMarketplace, offer};
use windlass_store::{SqliteStore, StoreSettings};

use super::cli::User;

/// A ready image whose processes answer.
pub(crate) const IMAGE: &str = "shop:1";

/// A server with one user, who is not logged in yet.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) engine: SimulatedEngine,
    pub(crate) driver: SimulatedDriver,
    pub(crate) user: User,
    _directory: TempDir,
    stop: CancellationToken,
    /// Last: what runs on it goes before it.
    runtime: Runtime,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("windlass-golden-")
            .tempdir()
            .expect("a directory");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let driver = SimulatedDriver::new("postgres").with_media();
        let stop = CancellationToken::new();
        let (engine, url) = runtime.block_on(serve(directory.path(), driver.clone(), stop.clone()));
        let read = |file: &str| std::fs::read_to_string(directory.path().join(file));
        let token = read("admin-token").expect("the first start writes a token");
        let home = directory.path().join("home");
        std::fs::create_dir(&home).expect("a directory");
        Self {
            url,
            token: token.trim().to_owned(),
            engine,
            driver,
            user: User { home },
            _directory: directory,
            stop,
            runtime,
        }
    }
}

impl World {
    /// Waits for something on the simulated back ends.
    pub(crate) fn wait(&self, what: impl Future<Output = ()>) {
        let bounded = async { tokio::time::timeout(Duration::from_secs(30), what).await };
        self.runtime.block_on(bounded).expect("it happens in time");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One broker whose services can be used, and one whose catalogue is not in order.
fn market() -> SimulatedMarketplace {
    let market = SimulatedMarketplace::default();
    let mut volume = offer("files", "large", "SERVICE");
    volume.unsupported = Some("it requires volume_mount, which is not supported".to_owned());
    let offers = [
        offer("mysql", "small", "DATABASE"),
        offer("mysql", "large", "DATABASE"),
        volume,
    ];
    market.offer("https://broker.example", "let me in", &offers);
    let problems = [
        "services[0].name is missing",
        "services[0].plans must have at least one plan",
    ];
    market.spoil("https://spoilt.example", "let me in", &problems);
    market
}

async fn serve(
    directory: &std::path::Path,
    driver: SimulatedDriver,
    stop: CancellationToken,
) -> (SimulatedEngine, String) {
    let settings = StoreSettings {
        reserve_bytes: 0,
        ..StoreSettings::new(directory.join("state"))
    };
    let store = Arc::new(SqliteStore::open(settings).await.expect("the store opens"));
    let engine = SimulatedEngine::new(SimulatedSettings {
        installation: installation_id(store.as_ref()).await.expect("an id"),
        ..SimulatedSettings::default()
    });
    engine.add_image("debian:bookworm-slim", &[], Behaviour::serving(200));
    engine.add_image("postgres:15", &[5432], Behaviour::not_listening());
    engine.add_image(IMAGE, &[8000], Behaviour::serving(200));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let builder = GitBuilder::new(BuilderSettings {
        minimum_free_bytes: 0,
        ..BuilderSettings::new(directory.join("repositories"))
    });
    let backends = Backends {
        store,
        regions: vec![RegionBackends {
            region: RegionSettings::default().name,
            kind: "simulated".to_owned(),
            engine: Arc::new(engine.clone()),
            drivers: vec![Arc::new(driver), Arc::new(SimulatedDriver::new("broker"))],
        }],
        marketplace: Arc::new(market()),
        builder: Arc::new(builder.expect("the builder opens")),
        logs: Arc::new(FileLogs::new(directory.join("logs")).expect("the logs open")),
        router: Arc::new(SimulatedRouter::default()),
        clock: Arc::new(SystemClock),
    };
    let settings = Settings {
        public_url: url.clone(),
        token_file: directory.join("admin-token"),
        regions: vec![RegionSettings {
            external_clusters: vec![cluster()],
            ..RegionSettings::default()
        }],
        health_timeout: Duration::from_secs(3),
        drain_deadline: Duration::from_millis(100),
        ..Settings::default()
    };
    let platform = Platform::open(backends, settings)
        .await
        .expect("the platform opens");
    let (running, cancel) = (platform.clone(), stop.clone());
    tokio::spawn(async move { running.run(cancel).await });
    let api = ApiSettings::new(url.clone());
    tokio::spawn(windlass_api::serve(listener, platform, api, stop));
    (engine, url)
}

/// The shared cluster, which the simulated driver knows by name.
fn cluster() -> ExternalCluster {
    ExternalCluster {
        serves: "postgres-15".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: Some(5432),
        administration_port: None,
        administrator: "postgres".to_owned(),
        password: SecretString::from("administrator"),
        database: None,
        url: None,
    }
}
