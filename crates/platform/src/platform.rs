//! The platform: what the edges call.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use windlass_operations::runner::{Runner, RunnerSettings};
use windlass_records::Change;

use crate::error::Error;
use crate::parts::{Backends, Parts, Settings};
use crate::regions::{RegionParts, Regions};
use crate::{definitions, housekeeping, reconcile, replaced, seed};

/// The platform. A cheap handle: clones share everything.
#[derive(Clone)]
pub struct Platform {
    pub(crate) parts: Arc<Parts>,
    pub(crate) runner: Runner<Change>,
}

impl Platform {
    /// Opens the platform on its back ends: seeds what every installation has, takes over what an earlier
    /// process left. Nothing runs before [`Platform::run`].
    pub async fn open(backends: Backends, settings: Settings) -> Result<Self, Error> {
        let now = backends.clock.now();
        backends.store.take_over(now).await?;
        let seeded = seed::seed(&backends, &settings).await?;
        let mut runs_on = backends.regions;
        let mut regions = Vec::new();
        for (id, region) in seeded.regions.into_iter().zip(&settings.regions) {
            if let Some(at) = runs_on.iter().position(|one| one.region == region.name) {
                regions.push((id, RegionParts::new(runs_on.swap_remove(at), region)));
            }
        }
        let owner = format!("server-{}", std::process::id());
        let parts = Arc::new(Parts {
            store: backends.store.clone(),
            regions: Regions::new(regions),
            marketplace: backends.marketplace,
            builder: backends.builder,
            logs: backends.logs,
            router: backends.router,
            clock: backends.clock.clone(),
            settings,
            installation: seeded.installation,
            table: crate::routes::TableWriter::default(),
            locks: crate::locks::Locks::default(),
            uses: crate::uses::Uses::default(),
        });
        let runner = Runner::new(
            backends.store,
            definitions::all(&parts),
            backends.clock,
            RunnerSettings::new(owner),
        );
        Ok(Self { parts, runner })
    }

    /// Drives operations and reconcilers until it is cancelled; then ends them in order.
    pub async fn run(&self, cancel: CancellationToken) {
        let tasks = TaskTracker::new();
        let runner = self.runner.clone();
        let token = cancel.clone();
        tasks.spawn(async move { runner.run(token).await });
        let platform = self.clone();
        let token = cancel.clone();
        tasks.spawn(async move { housekeeping::run(platform, token).await });
        let parts = self.parts.clone();
        let token = cancel.clone();
        tasks.spawn(async move { replaced::run(&parts, token).await });
        for region in self.parts.regions.ids() {
            let (parts, token) = (self.parts.clone(), cancel.clone());
            tasks.spawn(async move { reconcile::run(parts, region, token).await });
        }
        tasks.close();
        tasks.wait().await;
    }

    /// The id of this installation, on everything that it makes.
    pub fn installation(&self) -> &str {
        &self.parts.installation
    }
}
