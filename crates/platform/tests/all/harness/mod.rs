//! Every kind of operation under the fault harness: each step twice, every fault at every hook, on the way
//! there and back. The end is complete success, or a clean slate with the old release as it was.

mod deployment;
mod instance;
mod teardown;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use windlass_model::id::{EnvironmentId, InstanceId, ReleaseId};
use windlass_model::instance::InstanceState;
use windlass_operations::testing::{Harness, Report, Scenario, Stage, Violation};
use windlass_platform::testing::Composed;
use windlass_records::{Change, InstanceFilter, PageRequest, Store};

use super::support::World;
use super::support::tidy::ensure;
use super::support::world::Run;

/// An operation that is about to begin, and what its two ends look like.
#[async_trait]
trait Case: Send + Sync + 'static {
    /// What the assertions look for.
    type Facts: Send + Sync;
    /// The kind of its definition.
    const KIND: &'static str;

    /// Builds the world up to the operation, in a world in which operations are driven.
    async fn arrange(&self, world: &World) -> (Composed, Self::Facts);
    /// It has succeeded.
    async fn succeeded(&self, world: &World, facts: &Self::Facts) -> Result<(), String>;
    /// It was rolled back.
    async fn rolled_back(&self, world: &World, facts: &Self::Facts) -> Result<(), String>;
}

struct Played<C>(C);

struct Staged<F> {
    world: World,
    facts: F,
    before: Before,
}

#[async_trait]
impl<C: Case> Scenario<Change> for Played<C> {
    type World = Staged<C::Facts>;

    async fn stage(&self) -> Result<Stage<Change, Self::World>, String> {
        let world = World::new(Run::Operations).await;
        let ((submission, changes), facts) = self.0.arrange(&world).await;
        // From here on the harness drives.
        world.stop().await;
        world.check_tidy().await?;
        let definition = world.platform.definition(C::KIND);
        Ok(Stage {
            store: Arc::<windlass_store::SqliteStore>::clone(&world.store),
            definition: definition.ok_or_else(|| format!("no definition of {}", C::KIND))?,
            submission,
            changes,
            world: Staged {
                before: Before::of(&world).await,
                world,
                facts,
            },
        })
    }

    async fn assert_success(&self, staged: &Self::World) -> Result<(), String> {
        staged.world.check_tidy().await?;
        self.0.succeeded(&staged.world, &staged.facts).await
    }

    async fn assert_clean(&self, staged: &Self::World) -> Result<(), String> {
        staged.world.check_tidy().await?;
        staged.before.check_unchanged(&staged.world).await?;
        self.0.rolled_back(&staged.world, &staged.facts).await
    }
}

/// What a rollback has to leave as it was.
struct Before {
    running: BTreeMap<EnvironmentId, (ReleaseId, BTreeMap<String, String>)>,
    users: BTreeSet<String>,
    states: BTreeMap<InstanceId, InstanceState>,
}

impl Before {
    async fn of(world: &World) -> Self {
        let mut running = BTreeMap::new();
        for environment in world.store.all_environments().await.expect("it answers") {
            if let Some(release) = environment.running_release {
                let variables = world.variables(environment.id).await;
                running.insert(environment.id, (release, variables));
            }
        }
        Self {
            running,
            users: world.users(),
            states: states(world).await,
        }
    }

    /// Releases, variables, credentials and states are the same; what a deployment provisioned may stay.
    async fn check_unchanged(&self, world: &World) -> Result<(), String> {
        let now = Self::of(world).await;
        ensure!(
            now.running == self.running,
            "running releases or their variables have changed"
        );
        ensure!(
            now.users == self.users,
            "users were {:?}, are {:?}",
            self.users,
            now.users
        );
        for (id, (variables, _)) in self.running.iter().map(|(id, (_, it))| (id, (it, ()))) {
            let site = world.ask(*id, "SECRET_KEY").await;
            ensure!(
                site.as_ref() == variables.get("SECRET_KEY"),
                "the old site does not answer with its variables"
            );
        }
        for (id, state) in &self.states {
            let is = now.states.get(id).copied();
            let kept_what_it_provisioned =
                *state == InstanceState::New && is == Some(InstanceState::PendingAttachment);
            ensure!(
                is == Some(*state) || kept_what_it_provisioned,
                "instance {id} was {state}, is {is:?}"
            );
        }
        Ok(())
    }
}

async fn states(world: &World) -> BTreeMap<InstanceId, InstanceState> {
    let all = world
        .store
        .instances(&InstanceFilter::default(), &PageRequest::first(1000))
        .await;
    let all = all.expect("the store answers").rows;
    all.into_iter().map(|row| (row.id, row.state)).collect()
}

/// Plays, and says how many plays there were.
async fn report(name: &str, plays: impl Future<Output = Result<Report, Violation>>) -> Report {
    let report = plays
        .await
        .unwrap_or_else(|violation| panic!("{violation}"));
    println!("{name}: {report}");
    assert_eq!(report.missed, 0, "{name}: {report}");
    assert!(
        report.plays > 20 && report.succeeded > 0 && report.rolled_back > 0,
        "{name}: {report}"
    );
    report
}

/// Everything that the harness has.
async fn play_all<C: Case>(name: &str, case: C) {
    report(name, Harness::new(Played(case)).all()).await;
}
