//! Every kind of operation under the fault harness: each step twice, every fault at every hook, on the way
//! there and back. The end is complete success, or a clean slate with the old release as it was.

mod clean_up;
mod deployment;
mod instance;
mod teardown;
mod visibility;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use windlass_model::id::{EnvironmentId, InstanceId, ReleaseId};
use windlass_model::instance::InstanceState;
use windlass_operations::OperationState;
use windlass_operations::testing::{
    Action, Fault, Harness, Hook, Play, Report, Scenario, Stage, Violation,
};
use windlass_platform::Settings;
use windlass_platform::testing::Composed;
use windlass_records::{Change, InstanceFilter, PageRequest, Store};
use windlass_services::simulated::SimulatedDriver;

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

    /// The driver of the services.
    fn driver() -> SimulatedDriver {
        SimulatedDriver::new("postgres")
    }
    /// What is set otherwise than in other tests.
    fn settings(_settings: &mut Settings) {}
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
        let world = World::open(Run::Operations, C::driver(), C::settings).await;
        let world = world.map_err(|error| error.to_string())?;
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
        for (id, (_, variables)) in &self.running {
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

/// Plays a case, and says how many plays there were: each step twice, and at each hook, on the way there
/// and back, `count` of the things that can go wrong there; which ones, goes round. All of them take too
/// long for each run of the tests: `WINDLASS_HARNESS=all` plays them.
async fn play<C: Case>(name: &str, case: C, count: usize) -> String {
    let harness = Harness::new(Played(case));
    let played = if std::env::var_os("WINDLASS_HARNESS").is_some() {
        harness.all().await
    } else {
        rotating(&harness, count).await
    };
    let report = played.unwrap_or_else(|violation| panic!("{name}: {violation}"));
    assert_eq!(report.missed, 0, "{name}: {report}");
    assert!(
        report.plays > 20 && report.succeeded > 0 && report.rolled_back > 0,
        "{name}: {report}"
    );
    format!("{name}: {report}")
}

async fn rotating<C: Case>(
    harness: &Harness<Played<C>>,
    count: usize,
) -> Result<Report, Violation> {
    let mut report = harness.each_step_twice().await?;
    let bare = harness.play(&[]).await?;
    for fault in some(&bare.visits, 0, count) {
        report += counted(&harness.play(&[fault]).await?, 1);
    }
    // From the last step that can still go back.
    let pivot = bare.operation.steps.iter().position(|step| step.pivot);
    let last = match pivot {
        Some(0) => return Ok(report),
        Some(pivot) => &bare.operation.steps[pivot - 1],
        None => &bare.operation.steps[bare.operation.steps.len() - 1],
    };
    let hook = Hook::RunLeft(last.name.clone());
    let visit = bare.visits.iter().position(|it| *it == hook);
    let failing = Fault {
        visit: visit.expect("each step is run"),
        hook,
        action: Action::FailPermanent,
    };
    let went = harness.play(std::slice::from_ref(&failing)).await?;
    for fault in some(&went.visits, failing.visit + 1, count) {
        let plan = [failing.clone(), fault];
        report += counted(&harness.play(&plan).await?, 2);
    }
    Ok(report)
}

/// Some of what can go wrong at each visit from this one on.
fn some(visits: &[Hook], from: usize, count: usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (visit, hook) in visits.iter().enumerate().skip(from) {
        let actions = hook.actions();
        // A stride that is prime to the lengths of the lists, so that each action has its turn.
        for turn in 0..count.min(actions.len()) {
            faults.push(Fault {
                visit,
                hook: hook.clone(),
                action: actions[(visit / 2 + turn * 2 + turn / 2) % actions.len()],
            });
        }
    }
    faults
}

fn counted(went: &Play, planned: usize) -> Report {
    Report {
        plays: 1,
        succeeded: u64::from(went.operation.state == OperationState::Succeeded),
        rolled_back: u64::from(went.operation.state == OperationState::RolledBack),
        with_operator: u64::from(went.retries > 0),
        missed: u64::from(went.fired < planned),
    }
}
