//! Removing an application with everything in it; another application goes on.

use async_trait::async_trait;
use windlass_model::id::{ApplicationId, EnvironmentId};
use windlass_platform::testing::Composed;
use windlass_records::Store;

use super::super::support::World;
use super::super::support::images::{CRASHING, ONE};
use super::super::support::tidy::ensure;
use super::super::support::verbs::{PRIVATE, SHARED};
use super::{Case, play};

struct Teardown;

#[async_trait]
impl Case for Teardown {
    type Facts = (ApplicationId, EnvironmentId);
    const KIND: &'static str = "application-removal";

    async fn arrange(&self, world: &World) -> (Composed, Self::Facts) {
        let other = world.create("other").await;
        world.deploy_well(other.test, ONE).await;
        let app = world.create("shop").await;
        world.add(app.test, SHARED, "A").await;
        world.add(app.test, PRIVATE, "B").await;
        world.deploy_well(app.test, ONE).await;
        world.deploy(app.test, CRASHING).await;
        world.add(app.live, SHARED, "C").await;
        let composed = world
            .platform
            .composed_teardown(&world.context, app.id, "shop")
            .await;
        (composed.expect("it can be removed"), (app.id, other.test))
    }

    async fn succeeded(&self, world: &World, facts: &Self::Facts) -> Result<(), String> {
        let row = world.store.application(facts.0).await;
        ensure!(
            row.expect("the store answers").is_none(),
            "the application is still there"
        );
        ensure!(world.databases().is_empty(), "data is left");
        ensure!(
            world.engine.snapshot().images.contains(&ONE.to_owned()),
            "an image that is not ours was taken away"
        );
        let networks = world.engine.snapshot().networks;
        ensure!(networks.len() == 2, "networks: {networks:?}");
        let stage = world.ask(facts.1, "STAGE").await;
        ensure!(stage.as_deref() == Some("test"), "the other site is away");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, facts: &Self::Facts) -> Result<(), String> {
        let row = world.store.application(facts.0).await;
        let row = row.expect("the store answers");
        ensure!(
            row.is_some_and(|application| !application.removing),
            "the application is not as it was"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teardown_takes_all_or_nothing() {
    let played = play("teardown", Teardown, 1).await;
    println!("{played}");
}
