//! Removing what an environment keeps no longer.

use async_trait::async_trait;
use windlass_engine::{Engine, ImageReference};
use windlass_model::id::EnvironmentId;
use windlass_operations::StoreError;
use windlass_platform::Settings;
use windlass_platform::testing::Composed;
use windlass_records::{DeploymentFilter, PageRequest, Release, Store, VariableValue};

use super::super::support::World;
use super::super::support::tidy::ensure;
use super::{Case, play};

/// Four releases, of which one takes up the image of another, and a failed deployment; two releases and one
/// other deployment are kept.
struct CleaningUp;

struct Facts {
    environment: EnvironmentId,
    /// Newest first.
    releases: Vec<Release>,
}

impl Facts {
    /// The numbers of the releases and of the deployments that are left, newest first.
    async fn left(&self, world: &World) -> (Vec<u32>, Vec<u32>) {
        let page = PageRequest::first(100);
        let releases = world.store.releases(self.environment, &page).await;
        let filter = DeploymentFilter {
            environment: Some(self.environment),
            ..DeploymentFilter::default()
        };
        let deployments = world.store.deployments(&filter, &page).await;
        let releases = releases.expect("the store answers").rows;
        let deployments = deployments.expect("the store answers").rows;
        (
            releases.iter().map(|row| row.number).collect(),
            deployments.iter().map(|row| row.number).collect(),
        )
    }
}

/// Whether the image and the secrets of a release are there: all of it or nothing.
async fn is_whole(world: &World, release: &Release) -> Result<bool, String> {
    let id = ImageReference(release.image.clone());
    let image = world.engine.image(&id).await;
    let image = image.expect("the engine answers").is_some();
    let colour = release.variables.iter();
    let colour = colour.filter(|variable| variable.name.as_str() == "COLOUR");
    for variable in colour {
        let VariableValue::Secret(id) = variable.value else {
            return Err(format!("no secret: {variable:?}"));
        };
        let secret = match world.store.reveal(&[id]).await {
            Ok(_) => true,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => return Err(error.to_string()),
        };
        ensure!(
            secret == image,
            "release {}: image {image}, secret {secret}",
            release.number
        );
    }
    Ok(image)
}

#[async_trait]
impl Case for CleaningUp {
    type Facts = Facts;
    const KIND: &'static str = "clean-up";

    fn settings(settings: &mut Settings) {
        settings.keep_releases = 2;
        settings.keep_deployments = 1;
    }

    async fn arrange(&self, world: &World) -> (Composed, Facts) {
        let app = world.create("shop").await;
        world.deploy(app.test, "site:nowhere").await;
        world.set(app.test, "COLOUR", "red").await;
        world.deploy_next(app.test).await;
        world.set(app.test, "COLOUR", "blue").await;
        world.deploy_next(app.test).await;
        world.roll_back(app.test, 1).await.expect("it is begun");
        world.set(app.test, "COLOUR", "green").await;
        world.deploy_next(app.test).await;
        let releases = world
            .store
            .releases(app.test, &PageRequest::first(9))
            .await
            .expect("the store answers");
        let composed = world.platform.composed_clean_up(app.test).await;
        let facts = Facts {
            environment: app.test,
            releases: releases.rows,
        };
        (composed.expect("there is the environment"), facts)
    }

    async fn succeeded(&self, world: &World, facts: &Facts) -> Result<(), String> {
        let left = facts.left(world).await;
        ensure!(left == (vec![4, 3], vec![5, 4, 3]), "{left:?} are left");
        let [fourth, third, second, _] = facts.releases.as_slice() else {
            return Err(format!("four releases: {:?}", facts.releases));
        };
        let whole = (
            is_whole(world, fourth).await?,
            is_whole(world, third).await?,
            is_whole(world, second).await?,
        );
        ensure!(whole == (true, true, false), "{whole:?}");
        let colour = world.ask(facts.environment, "COLOUR").await;
        ensure!(colour.as_deref() == Some("green"), "the site is {colour:?}");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, facts: &Facts) -> Result<(), String> {
        let left = facts.left(world).await;
        let all = (vec![4, 3, 2, 1], vec![5, 4, 3, 2, 1]);
        ensure!(left == all, "{left:?} are left");
        for release in &facts.releases {
            let whole = is_whole(world, release).await?;
            ensure!(whole, "release {} is not whole", release.number);
        }
        let logs = world.logs();
        ensure!(logs.len() == 5, "{logs:?}");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_up_takes_what_it_chose_or_nothing() {
    let played = play("clean-up", CleaningUp, 1).await;
    println!("{played}");
}
