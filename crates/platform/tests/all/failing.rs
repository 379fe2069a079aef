//! Deployments that fail, each with a pending detachment, an added service and a changed variable: what
//! runs is as it was. Mended, they succeed.

use windlass_engine::simulated::{Failure, Fault, Method};
use windlass_model::id::{EnvironmentId, InstanceId};
use windlass_model::instance::InstanceState as S;
use windlass_operations::OperationState;
use windlass_records::DeploymentStatus;
use windlass_services::simulated::{Call, Fault as Lost, Refusal};

use super::support::World;
use super::support::images::{COMMANDS, CRASHING, ERROR, ONE, SILENT};
use super::support::looks::refusal;
use super::support::verbs::{App, SHARED, request};
use super::support::world::Run;

/// A site that runs, and what is wished of the next deployment.
struct Site {
    world: World,
    app: App,
    leaving: InstanceId,
    new: InstanceId,
}

async fn site() -> Site {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    let leaving = world.add(app.test, SHARED, "LEAVING").await;
    world.set(app.test, "COLOUR", "red").await;
    world.deploy_well(app.test, ONE).await;
    world.detach(leaving).await;
    world.set(app.test, "COLOUR", "blue").await;
    let new = world.add(app.test, SHARED, "EXTRA").await;
    Site {
        world,
        app,
        leaving,
        new,
    }
}

impl Site {
    fn environment(&self) -> EnvironmentId {
        self.app.test
    }

    /// Deploys, which fails in `step` for a reason with these words; then mends it.
    async fn fails(&self, image: &str, step: &str, words: &str) {
        let (world, environment) = (&self.world, self.environment());
        let before = world.variables(environment).await;
        let view = world.deploy(environment, image).await;
        let row = &view.deployment;
        assert_eq!(view.status, DeploymentStatus::Failed, "{row:?}");
        assert_eq!(row.failed_step.as_deref(), Some(step), "{row:?}");
        let told = format!("{:?} {:?}", row.error, row.hint);
        assert!(told.contains(words), "{told}");
        assert!(row.hint.is_some(), "it does not say what to do: {row:?}");
        let log = world.platform.deployment_log(&world.context, row.id).await;
        let log = log.expect("it has a log");
        assert!(log.contains("failed; nothing has changed"), "{log}");

        assert_eq!(world.variables(environment).await, before);
        let colour = world.ask(environment, "COLOUR").await;
        assert_eq!(colour.as_deref(), Some("red"));
        assert!(world.can_log_in(&before, "LEAVING"), "still usable");
        assert_eq!(world.state(self.leaving).await, S::PendingDetachment);
        world.check_tidy().await.expect("nothing is left over");
    }

    async fn mended(&self) {
        let (world, environment) = (&self.world, self.environment());
        let old = world.variables(environment).await;
        world.set_release_commands(self.app, &["migrate"]).await;
        world.deploy_well(environment, COMMANDS).await;
        let colour = world.ask(environment, "COLOUR").await;
        assert_eq!(colour.as_deref(), Some("blue"));
        assert!(!world.can_log_in(&old, "LEAVING"), "its user is gone");
        assert_eq!(world.state(self.leaving).await, S::Detached);
        assert_eq!(world.state(self.new).await, S::Attached);
        world.check_tidy().await.expect("nothing is left over");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_build() {
    let site = site().await;
    site.fails("site:none", "build", "site:none").await;
    assert_eq!(site.world.state(site.new).await, S::PendingAttachment);
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_release_command() {
    let site = site().await;
    site.world.set_release_commands(site.app, &["fail"]).await;
    site.fails(COMMANDS, "release-commands", "no such table")
        .await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_release_command_that_hangs() {
    let site = site().await;
    site.world.set_release_commands(site.app, &["hang"]).await;
    site.fails(
        COMMANDS,
        "release-commands",
        "'hang' did not end within 3 s",
    )
    .await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_at_a_build_that_the_engine_disturbs_for_it_is_tried_again() {
    let site = site().await;
    let disturbed = Fault::Before(Failure::Disturbed);
    site.world.engine.plan(Method::Tag, disturbed);
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_start() {
    let site = site().await;
    let refused = Fault::Before(Failure::DiskFull);
    site.world.engine.plan_for(Method::Ensure, "-web-", refused);
    site.fails(ONE, "start", "Make room").await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_health_check_by_an_end() {
    let site = site().await;
    site.fails(CRASHING, "health", "it ended").await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_health_check_by_a_bad_answer() {
    let site = site().await;
    site.fails(ERROR, "health", "status 500").await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_health_check_by_a_closed_port() {
    let site = site().await;
    site.fails(SILENT, "health", "nothing accepts connections")
        .await;
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_build_when_a_service_cannot_be_provisioned() {
    let site = site().await;
    let full = windlass_services::simulated::Refusal::Full;
    site.world.driver.fault(
        windlass_services::simulated::Call::Provision,
        windlass_services::simulated::Fault::Before(full),
    );
    let step = format!("provision:{}", site.new);
    site.fails(ONE, &step, "Make room on the cluster").await;
    let new = site.world.instance(site.new).await;
    assert_eq!(new.state, S::New);
    let error = new.last_error.expect("it says why");
    assert_eq!(error.step, step);
    assert!(error.hint.is_some(), "{error:?}");
    site.mended().await;
    assert!(site.world.instance(site.new).await.last_error.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_deployment_is_refused_and_what_comes_meanwhile_waits() {
    let site = site().await;
    let (world, environment) = (&site.world, site.environment());
    world.set_release_commands(site.app, &["hang"]).await;
    let first = world.begin(environment, COMMANDS).await.expect("it begins");
    let second = world.begin(environment, ONE).await;
    let (code, text) = refusal(second);
    assert_eq!(code, "deploying");
    assert!(text.contains(&first.deployment.id.to_string()), "{text}");
    assert!(text.contains("cancel"), "{text}");

    // Its snapshot has the new instance: it cannot be removed under it.
    world
        .until("the new instance is provisioned", async || {
            world.state(site.new).await == S::PendingAttachment
        })
        .await;
    let removal = world
        .platform
        .remove_instance(&world.context, site.new, "EXTRA")
        .await;
    let (_, text) = refusal(removal);
    assert!(text.contains(&first.deployment.id.to_string()), "{text}");
    let removal = world
        .platform
        .remove_application(&world.context, site.app.id, "shop")
        .await;
    assert_eq!(refusal(removal).0, "deploying");

    // A cancel before the pivot: nothing has changed.
    let cancelled = world
        .platform
        .cancel_deployment(&world.context, first.deployment.id)
        .await;
    let view = world
        .finished(cancelled.expect("it can be cancelled"))
        .await;
    assert_eq!(view.status, DeploymentStatus::Cancelled);
    let colour = world.ask(environment, "COLOUR").await;
    assert_eq!(colour.as_deref(), Some("red"));
    world.check_tidy().await.expect("nothing is left over");
    let again = world
        .platform
        .cancel_deployment(&world.context, first.deployment.id)
        .await;
    assert_eq!(refusal(again).0, "finished");
    site.mended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_begins_one_deployment() {
    let site = site().await;
    let world = &site.world;
    let mut context = world.context.clone();
    context.idempotency = Some(("key".to_owned(), "hash".to_owned()));
    let begin = || world.platform.deploy(&context, request(site.app.test, ONE));
    let first = begin().await.expect("it begins");
    let second = begin().await.expect("it is the same");
    assert_eq!(first.deployment.id, second.deployment.id);
    world.finished(first).await;
    world.check_tidy().await.expect("nothing is left over");
}

/// What an attempt before the last may have made is taken back, though the last one surely made nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_not_forgotten_over_refused_connections() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    // The cluster is there before.
    let other = world.add(app.test, SHARED, "OTHER").await;
    assert_eq!(
        world.provision(other).await.state,
        OperationState::Succeeded
    );
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    world.driver.fault(Call::Provision, Lost::LostAnswer);
    // Each attempt looks twice.
    for _ in 0..4 {
        let away = Lost::Before(Refusal::Unreachable);
        world.driver.fault(Call::Provision, away);
    }
    let operation = world.provision(id).await;
    assert_eq!(operation.state, OperationState::RolledBack, "{operation:?}");
    assert_eq!(world.driver.faults_left(), 0);
    assert_eq!(world.state(id).await, S::New);
    assert_eq!(world.databases().len(), 1, "only the other one is left");
}
