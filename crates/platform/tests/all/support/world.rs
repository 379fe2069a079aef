//! The platform on its back ends, in a directory that goes away with it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use windlass_builder::{BuilderSettings, FileLogs, GitBuilder};
use windlass_delivery::build::Builder;
use windlass_delivery::routing::SimulatedRouter;
use windlass_engine::simulated::{SimulatedEngine, SimulatedSettings};
use windlass_operations::SystemClock;
use windlass_platform::{
    Backends, Context, Error, Platform, RegionBackends, Settings, installation_id,
};
use windlass_services::Driver;
use windlass_services::simulated::{SimulatedDriver, SimulatedMarketplace};
use windlass_store::{SqliteStore, StoreSettings};

use super::images;

/// The platform and the back ends that the tests look into.
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    /// That of the first region.
    pub(crate) engine: SimulatedEngine,
    /// Those of all regions, by name.
    engines: Vec<(String, SimulatedEngine)>,
    pub(crate) driver: SimulatedDriver,
    pub(crate) marketplace: SimulatedMarketplace,
    pub(crate) router: Arc<SimulatedRouter>,
    pub(crate) platform: Platform,
    pub(crate) context: Context,
    builder: Arc<dyn Builder>,
    settings: Settings,
    running: std::sync::Mutex<Option<(CancellationToken, JoinHandle<()>)>>,
    directory: TempDir,
}

/// Which parts of the platform run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// Operations are recorded and wait.
    Nothing,
    /// Operations are driven; nothing is kept true behind the tests' back.
    Operations,
    /// Everything, as in the server.
    Everything,
}

impl World {
    /// A fresh installation with time-outs for tests.
    pub(crate) async fn new(run: Run) -> Self {
        Self::with(run, |_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(run: Run, change: impl FnOnce(&mut Settings)) -> Self {
        Self::open(run, SimulatedDriver::new("postgres"), change)
            .await
            .expect("the platform opens")
    }

    /// The same with another driver; the error is why the platform does not open.
    pub(crate) async fn open(
        run: Run,
        driver: SimulatedDriver,
        change: impl FnOnce(&mut Settings),
    ) -> Result<Self, Error> {
        // The log of a test that fails is shown with it; RUST_LOG=debug shows more.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let directory = directory();
        let store = SqliteStore::open(StoreSettings {
            reserve_bytes: 0,
            ..StoreSettings::new(directory.path().join("state"))
        });
        let store = Arc::new(store.await.expect("the store opens"));
        let installation = installation_id(store.as_ref()).await.expect("an id");
        let marketplace = SimulatedMarketplace::default();
        let router = Arc::new(SimulatedRouter::default());
        let builder = GitBuilder::new(BuilderSettings {
            minimum_free_bytes: 0,
            ..BuilderSettings::new(directory.path().join("repositories"))
        });
        let mut settings = Settings {
            token_file: directory.path().join("admin-token"),
            release_command_timeout: Duration::from_secs(3),
            build_timeout: Duration::from_secs(20),
            health_timeout: Duration::from_secs(3),
            drain_deadline: Duration::from_secs(1),
            ..Settings::default()
        };
        change(&mut settings);
        let engines = settings.regions.iter().map(|region| {
            let engine = SimulatedEngine::new(SimulatedSettings {
                installation: installation.clone(),
                ..SimulatedSettings::default()
            });
            images::add(&engine);
            (region.name.clone(), engine)
        });
        let engines: Vec<(String, SimulatedEngine)> = engines.collect();
        let builder: Arc<dyn Builder> = Arc::new(builder.expect("the builder opens"));
        let backends = Backends {
            store: store.clone(),
            regions: run_on(&engines, &driver),
            marketplace: Arc::new(marketplace.clone()),
            builder: builder.clone(),
            logs: logs(directory.path()),
            router: router.clone(),
            clock: Arc::new(SystemClock),
        };
        let platform = Platform::open(backends, settings.clone()).await?;
        let token = std::fs::read_to_string(&settings.token_file);
        let token = token.expect("the first token is written");
        let context = platform
            .authenticate(token.trim(), "test")
            .await
            .expect("the first token is good");
        let world = Self {
            store,
            engine: engines[0].1.clone(),
            engines,
            driver,
            marketplace,
            router,
            platform,
            context,
            builder,
            settings,
            running: std::sync::Mutex::default(),
            directory,
        };
        world.start(run);
        Ok(world)
    }

    /// Stops it and opens it again on what there is, as a server that is started with other options.
    pub(crate) async fn reopen(&mut self, run: Run, change: impl FnOnce(&mut Settings)) {
        self.stop().await;
        change(&mut self.settings);
        let backends = Backends {
            store: self.store.clone(),
            regions: run_on(&self.engines, &self.driver),
            marketplace: Arc::new(self.marketplace.clone()),
            builder: self.builder.clone(),
            logs: logs(self.directory.path()),
            router: self.router.clone(),
            clock: Arc::new(SystemClock),
        };
        let platform = Platform::open(backends, self.settings.clone()).await;
        self.platform = platform.expect("it opens again");
        self.start(run);
    }

    /// The engine of a region.
    pub(crate) fn engine_of(&self, region: &str) -> &SimulatedEngine {
        let found = self.engines.iter().find(|(name, _)| name == region);
        &found.expect("the region has one").1
    }

    /// Lets it run; once in a world.
    pub(crate) fn start(&self, run: Run) {
        let cancel = CancellationToken::new();
        let (platform, token) = (self.platform.clone(), cancel.clone());
        let task = match run {
            Run::Nothing => return,
            Run::Operations => tokio::spawn(async move {
                platform.run_operations(token).await;
            }),
            Run::Everything => tokio::spawn(async move { platform.run(token).await }),
        };
        let before = self
            .running
            .lock()
            .expect("no test panics with this lock")
            .replace((cancel, task));
        assert!(before.is_none(), "a world runs once");
    }

    /// The names of the files of logs.
    pub(crate) fn logs(&self) -> BTreeSet<String> {
        let files = std::fs::read_dir(self.directory.path().join("logs"));
        files
            .expect("the directory is there")
            .map(|file| file.expect("it can be read").file_name())
            .map(|name| name.into_string().expect("it is a text"))
            .collect()
    }

    /// Stops what runs, in order.
    pub(crate) async fn stop(&self) {
        let running = self
            .running
            .lock()
            .expect("no test panics with this lock")
            .take();
        if let Some((cancel, task)) = running {
            cancel.cancel();
            task.await.expect("the platform stops in order");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(mut running) = self.running.lock()
            && let Some((cancel, task)) = running.take()
        {
            cancel.cancel();
            task.abort();
        }
    }
}

fn run_on(engines: &[(String, SimulatedEngine)], driver: &SimulatedDriver) -> Vec<RegionBackends> {
    let regions = engines.iter().map(|(region, engine)| RegionBackends {
        region: region.clone(),
        kind: "simulated".to_owned(),
        engine: Arc::new(engine.clone()),
        drivers: vec![
            Arc::new(driver.clone()) as Arc<dyn Driver>,
            Arc::new(SimulatedDriver::new("broker")),
        ],
    });
    regions.collect()
}

fn logs(directory: &Path) -> Arc<FileLogs> {
    Arc::new(FileLogs::new(directory.join("logs")).expect("the logs open"))
}

/// In memory where the machine has that: the store syncs each write, which is what most tests would
/// wait for.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let builder = tempfile::Builder::new()
        .prefix("windlass-test-")
        .tempdir_in(memory);
    builder
        .or_else(|_| tempfile::tempdir())
        .expect("a directory")
}
