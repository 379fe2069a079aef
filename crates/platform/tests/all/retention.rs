//! What is kept for a time only: releases with their images and secrets, deployments with their logs,
//! operations with their events.

use std::collections::BTreeSet;
use std::time::Duration;

use windlass_engine::{Engine, ImageReference};
use windlass_model::id::{EnvironmentId, SecretId, short};
use windlass_operations::{OperationState, OperationStore, StoreError};
use windlass_records::{
    Deployment, DeploymentFilter, DeploymentStatus, OperationFilter, PageRequest, Release, Store,
    VariableValue,
};

use super::support::World;
use super::support::images::COMMANDS;
use super::support::looks::refusal;
use super::support::verbs::SHARED;
use super::support::world::Run;

const ALL: u32 = 1000;
/// An image that no engine has: a deployment of it fails at once.
const NOWHERE: &str = "site:nowhere";

impl World {
    /// Where this many releases, and this many other deployments, are kept; cleaned up when the test says so.
    async fn keeping(releases: u32, deployments: u32) -> Self {
        Self::with(Run::Operations, |settings| {
            settings.keep_releases = releases;
            settings.keep_deployments = deployments;
        })
        .await
    }

    async fn clean_up(&self) {
        let failed = self.platform.keep_house_once().await;
        assert!(!failed, "the round failed");
        self.check_tidy().await.expect("nothing is left over");
    }

    /// The numbered releases, newest first.
    async fn releases(&self, environment: EnvironmentId) -> Vec<Release> {
        let page = PageRequest::first(ALL);
        let found = self.store.releases(environment, &page).await;
        found.expect("the store answers").rows
    }

    async fn numbers(&self, environment: EnvironmentId) -> Vec<u32> {
        let releases = self.releases(environment).await;
        releases.iter().map(|release| release.number).collect()
    }

    async fn deployments(&self, environment: EnvironmentId) -> Vec<Deployment> {
        let filter = DeploymentFilter {
            environment: Some(environment),
            ..DeploymentFilter::default()
        };
        let page = PageRequest::first(ALL);
        let found = self.store.deployments(&filter, &page).await;
        found.expect("the store answers").rows
    }

    async fn has_image(&self, release: &Release) -> bool {
        let id = ImageReference(release.image.clone());
        self.engine.image(&id).await.expect("it answers").is_some()
    }

    async fn is_forgotten(&self, secret: SecretId) -> bool {
        match self.store.reveal(&[secret]).await {
            Ok(_) => false,
            Err(StoreError::NotFound(_)) => true,
            Err(error) => panic!("{error}"),
        }
    }

    async fn clean_ups(&self) -> Vec<OperationState> {
        let page = PageRequest::first(ALL);
        let filter = OperationFilter::default();
        let all = self.store.operations(&filter, &page).await;
        let all = all.expect("the store answers").rows;
        let ours = all.into_iter().filter(|it| it.kind == "clean-up");
        ours.map(|it| it.state).collect()
    }
}

/// The secret that a release has for a variable.
fn secret(release: &Release, name: &str) -> SecretId {
    let of_name = release.variables.iter().find(|it| it.name.as_str() == name);
    match of_name.map(|it| &it.value) {
        Some(VariableValue::Secret(id)) => *id,
        other => panic!("a secret was expected: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_releases_are_kept_with_images_logs_and_secrets() {
    let world = World::keeping(3, 4).await;
    let app = world.create("shop").await;
    for number in 0..25 {
        world
            .set(app.test, "COLOUR", &format!("no. {number}"))
            .await;
        world.deploy_next(app.test).await;
    }
    let other = world.create("other").await;
    world.deploy_next(other.test).await;
    let all = world.releases(app.test).await;
    assert_eq!(all.len(), 25);
    world.clean_up().await;

    assert_eq!(world.numbers(app.test).await, [25, 24, 23]);
    assert_eq!(world.numbers(other.test).await, [1]);
    let (kept, gone) = all.split_at(3);
    for release in kept {
        assert!(world.has_image(release).await, "{}", release.number);
        assert!(!world.is_forgotten(secret(release, "COLOUR")).await);
    }
    for release in gone {
        assert!(!world.has_image(release).await, "{}", release.number);
        assert!(world.is_forgotten(secret(release, "COLOUR")).await);
    }
    // The deployments of releases that are kept, and four more; with their logs, and nobody else's.
    let left = world.deployments(app.test).await;
    let numbers: Vec<_> = left.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [25, 24, 23, 22, 21, 20, 19]);
    let mut logs: BTreeSet<_> = left.iter().map(|row| format!("{}.log", row.id)).collect();
    for row in world.deployments(other.test).await {
        logs.insert(format!("{}.log", row.id));
    }
    assert_eq!(world.logs(), logs);
    for row in &left {
        let log = world.platform.deployment_log(&world.context, row.id).await;
        let log = log.expect("it is kept");
        assert!(log.contains("succeeded"), "{log}");
    }

    // Everything goes on from there.
    let colour = world.ask(app.test, "COLOUR").await;
    assert_eq!(colour.as_deref(), Some("no. 24"));
    let view = world.roll_back(app.test, 23).await.expect("it is kept");
    assert_eq!(view.status, DeploymentStatus::Completed);
    assert_eq!(view.release_number, Some(26));
    let colour = world.ask(app.test, "COLOUR").await;
    assert_eq!(colour.as_deref(), Some("no. 22"));
    world.clean_up().await;
    assert_eq!(world.numbers(app.test).await, [26, 25, 24]);
    assert_eq!(world.clean_ups().await, [OperationState::Succeeded; 2]);
    // There is nothing to do, so nothing is begun.
    world.clean_up().await;
    assert_eq!(world.clean_ups().await.len(), 2);

    let calls = world.engine.calls().len();
    let (code, text) = refusal(world.roll_back(app.test, 23).await);
    assert_eq!(code, "not_kept", "{text}");
    assert!(text.contains("release 23 of 'shop/test'"), "{text}");
    assert!(text.contains("the newest 3"), "{text}");
    assert_eq!(world.engine.calls().len(), calls, "the engine was asked");
    assert_eq!(refusal(world.roll_back(app.test, 27).await).0, "not_found");
    assert_eq!(refusal(world.roll_back(app.test, 0).await).0, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_holds_the_image_of_a_release_that_is_forgotten() {
    let world = World::keeping(2, 100).await;
    let app = world.create("shop").await;
    world.set(app.test, "COLOUR", "red").await;
    world.deploy_next(app.test).await;
    world.set(app.test, "COLOUR", "blue").await;
    world.deploy_next(app.test).await;
    let back = world.roll_back(app.test, 1).await.expect("it is begun");
    world.set(app.test, "COLOUR", "green").await;
    world.deploy_next(app.test).await;
    let all = world.releases(app.test).await;
    let [_, taken_up, second, first] = all.as_slice() else {
        panic!("four releases: {all:?}");
    };
    assert_eq!(taken_up.image, first.image);
    // As it is with one that was made when rollbacks gave no tag.
    let tag = ImageReference(format!("windlass/shop:{}", short(back.deployment.id)));
    world.engine.remove_image(&tag).await.expect("it is ours");
    assert!(world.check_tidy().await.is_err(), "the tag is missed");
    world.clean_up().await;

    assert_eq!(world.numbers(app.test).await, [4, 3]);
    assert!(world.has_image(taken_up).await);
    assert!(!world.has_image(second).await);
    assert!(!world.is_forgotten(secret(taken_up, "COLOUR")).await);
    assert!(world.is_forgotten(secret(second, "COLOUR")).await);
    let view = world.roll_back(app.test, 3).await.expect("it is begun");
    assert_eq!(view.status, DeploymentStatus::Completed, "{view:?}");
    let colour = world.ask(app.test, "COLOUR").await;
    assert_eq!(colour.as_deref(), Some("red"));
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deployments_that_failed_go_when_they_are_old() {
    let world = World::keeping(2, 2).await;
    let app = world.create("shop").await;
    world.deploy(app.live, NOWHERE).await;
    for _ in 0..2 {
        world.deploy(app.test, NOWHERE).await;
        world.deploy_next(app.test).await;
        world.deploy(app.test, NOWHERE).await;
    }
    let logs = world.logs();
    world.clean_up().await;
    let left = world.deployments(app.test).await;
    let numbers: Vec<_> = left.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [6, 5, 4, 2]);
    assert_eq!(logs.len() - world.logs().len(), 2);
    for row in left
        .iter()
        .filter(|row| row.status == DeploymentStatus::Failed)
    {
        let log = world.platform.deployment_log(&world.context, row.id).await;
        let log = log.expect("it is kept");
        assert!(log.contains("failed; nothing has changed"), "{log}");
    }
    assert_eq!(world.numbers(app.test).await, [2, 1]);
    assert_eq!(world.deployments(app.live).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_forgotten_while_a_deployment_is_at_work() {
    let world = World::keeping(2, 2).await;
    let app = world.create("shop").await;
    for _ in 0..3 {
        world.deploy_next(app.test).await;
    }
    world.set_release_commands(app, &["hang"]).await;
    let begun = world.begin(app.test, COMMANDS).await.expect("it is begun");
    // Begun by somebody who does not look; it looks itself.
    let composed = world.platform.composed_clean_up(app.test).await;
    let composed = composed.expect("there is such an environment");
    let operation = world.platform.begin_composed(composed).await;
    let operation = world.ended(operation.expect("it is begun")).await;
    assert_eq!(operation.state, OperationState::Succeeded);
    assert_eq!(world.numbers(app.test).await, [3, 2, 1]);
    assert!(!world.platform.keep_house_once().await);
    assert_eq!(world.clean_ups().await.len(), 1, "the round looks first");

    let ended = world.finished(begun).await;
    assert_eq!(ended.status, DeploymentStatus::Failed);
    world.clean_up().await;
    assert_eq!(world.numbers(app.test).await, [3, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_looked_before_its_release_was_forgotten_is_refused() {
    let world = World::keeping(2, 100).await;
    let app = world.create("shop").await;
    for _ in 0..3 {
        world.deploy_next(app.test).await;
    }
    let composed = world
        .platform
        .composed_rollback(&world.context, app.test, 1)
        .await;
    let composed = composed.expect("the release is there");
    world.clean_up().await;
    let (code, text) = refusal(world.platform.begin_composed(composed).await);
    assert_eq!(code, "conflict", "{text}");
    assert!(text.contains("is not kept any more"), "{text}");
    assert_eq!(world.deployments(app.test).await.len(), 3);
    world.check_tidy().await.expect("nothing is begun");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_forgotten_while_the_engine_is_away() {
    let world = World::keeping(2, 2).await;
    let app = world.create("shop").await;
    for _ in 0..3 {
        world.deploy_next(app.test).await;
    }
    world.engine.unplug();
    assert!(world.platform.keep_house_once().await, "it says so");
    assert_eq!(world.clean_ups().await, [], "nothing is begun");
    // One that is begun just then ends before it forgets anything.
    let composed = world.platform.composed_clean_up(app.test).await;
    let composed = composed.expect("there is such an environment");
    let operation = world.platform.begin_composed(composed).await;
    let operation = world.ended(operation.expect("it is begun")).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(world.numbers(app.test).await, [3, 2, 1]);
    world.engine.plug();
    world.clean_up().await;
    assert_eq!(world.numbers(app.test).await, [3, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_operations_go_but_for_those_that_are_still_spoken_of() {
    let world = World::with(Run::Operations, |settings| {
        settings.keep_operations = Duration::ZERO;
        settings.keep_releases = 2;
        settings.keep_deployments = 1;
    })
    .await;
    let app = world.create("shop").await;
    let removed = world.add(app.test, SHARED, "REMOVED").await;
    let of_nobody = [
        world.provision(removed).await.id,
        world.remove(removed).await.id,
    ];
    let mut of_deployments = Vec::new();
    for _ in 0..4 {
        let view = world.deploy_next(app.test).await;
        of_deployments.push(view.deployment.operation);
    }
    let loads = async |id| world.store.load(id).await.expect("an answer").is_some();
    // Of the deployments the oldest one goes, and what is spoken of by it with the round after.
    world
        .until("what nobody speaks of is gone", async || {
            assert!(!world.platform.keep_house_once().await);
            let mut any = loads(of_deployments[0]).await;
            for id in of_nobody {
                any |= loads(id).await;
            }
            !any
        })
        .await;
    for id in of_nobody {
        let events = world.store.events(id, 0, 9).await.expect("an answer");
        assert_eq!(events, []);
    }
    for id in &of_deployments[1..] {
        assert!(loads(*id).await, "a deployment speaks of it");
    }
    // A user reads the record of each deployment that is listed.
    for row in world.deployments(app.test).await {
        let operation = world.platform.operation(&world.context, row.operation);
        operation.await.expect("it is there");
    }
}

/// As the server does it: nobody asks for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_happens_by_itself() {
    let world = World::with(Run::Everything, |settings| {
        settings.keep_releases = 0;
        settings.housekeeping_interval = Duration::from_millis(50);
    })
    .await;
    let app = world.create("shop").await;
    for _ in 0..4 {
        world.deploy_next(app.test).await;
    }
    world
        .until("the oldest are gone, two stay", async || {
            world.numbers(app.test).await == [4, 3]
        })
        .await;
    world
        .until("all is tidy", async || world.check_tidy().await.is_ok())
        .await;
}
