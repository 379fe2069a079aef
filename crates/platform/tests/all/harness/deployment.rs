//! Deployments, rollbacks and rotations.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use windlass_model::id::{EnvironmentId, InstanceId};
use windlass_model::instance::InstanceState as S;
use windlass_platform::testing::Composed;

use super::super::support::World;
use super::super::support::images::{COMMANDS, ONE, TWO};
use super::super::support::tidy::ensure;
use super::super::support::verbs::{SHARED, request};
use super::{Case, play};

/// One instance is new, one attached and kept, one waits to be detached; a variable has changed, and a
/// release command runs.
struct Deploying;

struct Facts {
    environment: EnvironmentId,
    new: InstanceId,
    kept: InstanceId,
    leaving: InstanceId,
}

#[async_trait]
impl Case for Deploying {
    type Facts = Facts;
    const KIND: &'static str = "deployment";

    async fn arrange(&self, world: &World) -> (Composed, Facts) {
        let app = world.create("shop").await;
        let kept = world.add(app.test, SHARED, "KEPT").await;
        let leaving = world.add(app.test, SHARED, "LEAVING").await;
        world.set(app.test, "COLOUR", "red").await;
        world.deploy_well(app.test, ONE).await;
        world.detach(leaving).await;
        world.set(app.test, "COLOUR", "blue").await;
        let new = world.add(app.test, SHARED, "EXTRA").await;
        world.set_release_commands(app, &["migrate"]).await;
        let composed = world
            .platform
            .composed_deployment(&world.context, request(app.test, COMMANDS))
            .await;
        let facts = Facts {
            environment: app.test,
            new,
            kept,
            leaving,
        };
        (composed.expect("it can be deployed"), facts)
    }

    async fn succeeded(&self, world: &World, facts: &Facts) -> Result<(), String> {
        let states = [facts.new, facts.kept, facts.leaving];
        let wanted = [S::Attached, S::Attached, S::Detached];
        for (id, wanted) in states.into_iter().zip(wanted) {
            let is = world.state(id).await;
            ensure!(is == wanted, "an instance is {is} and not {wanted}");
        }
        let colour = world.ask(facts.environment, "COLOUR").await;
        ensure!(colour.as_deref() == Some("blue"), "the site is {colour:?}");
        let variables = world.variables(facts.environment).await;
        for prefix in ["KEPT", "EXTRA"] {
            ensure!(
                world.can_log_in(&variables, prefix),
                "the credentials of {prefix} are not good"
            );
        }
        ensure!(
            !variables.keys().any(|name| name.starts_with("LEAVING")),
            "the detached instance is in the variables: {:?}",
            variables.keys()
        );
        let release = world.release(facts.environment).await;
        let number = release.map(|release| release.number);
        ensure!(number == Some(2), "release {number:?} runs");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, facts: &Facts) -> Result<(), String> {
        let colour = world.ask(facts.environment, "COLOUR").await;
        ensure!(colour.as_deref() == Some("red"), "the site is {colour:?}");
        let new = world.instance(facts.new).await;
        if new.state == S::New {
            ensure!(
                new.cluster.is_none(),
                "an instance that is new has a cluster: {new:?}"
            );
        }
        Ok(())
    }
}

/// Back to a release with another image and variable, and with an instance that is not attached now.
struct RollingBack;

#[async_trait]
impl Case for RollingBack {
    type Facts = (EnvironmentId, InstanceId, InstanceId);
    const KIND: &'static str = "deployment";

    async fn arrange(&self, world: &World) -> (Composed, Self::Facts) {
        let app = world.create("shop").await;
        let old = world.add(app.test, SHARED, "OLD").await;
        world.set(app.test, "COLOUR", "red").await;
        world.deploy_well(app.test, ONE).await;
        world.detach(old).await;
        let new = world.add(app.test, SHARED, "NEW").await;
        world.set(app.test, "COLOUR", "blue").await;
        world.deploy_well(app.test, TWO).await;
        let attached = world.platform.attach_instance(&world.context, old).await;
        attached.expect("it can be attached again");
        let composed = world
            .platform
            .composed_rollback(&world.context, app.test, 1)
            .await;
        let composed = composed.expect("it can be rolled back");
        (composed, (app.test, old, new))
    }

    async fn succeeded(&self, world: &World, facts: &Self::Facts) -> Result<(), String> {
        let (environment, old, new) = *facts;
        let states = (world.state(old).await, world.state(new).await);
        ensure!(
            states == (S::Attached, S::PendingAttachment),
            "the instances are {states:?}"
        );
        let colour = world.ask(environment, "COLOUR").await;
        ensure!(colour.as_deref() == Some("red"), "the site is {colour:?}");
        let variables = world.variables(environment).await;
        ensure!(
            world.can_log_in(&variables, "OLD"),
            "the credentials are not good"
        );
        Ok(())
    }

    async fn rolled_back(&self, world: &World, facts: &Self::Facts) -> Result<(), String> {
        let colour = world.ask(facts.0, "COLOUR").await;
        ensure!(colour.as_deref() == Some("blue"), "the site is {colour:?}");
        Ok(())
    }
}

/// New credentials for one of two instances, while something else is wished of the next deployment.
struct Rotating;

struct Rotated {
    environment: EnvironmentId,
    wished: InstanceId,
    before: BTreeMap<String, String>,
}

#[async_trait]
impl Case for Rotating {
    type Facts = Rotated;
    const KIND: &'static str = "deployment";

    async fn arrange(&self, world: &World) -> (Composed, Rotated) {
        let app = world.create("shop").await;
        let id = world.add(app.test, SHARED, "DEFAULT").await;
        let wished = world.add(app.test, SHARED, "LEAVING").await;
        world.deploy_well(app.test, ONE).await;
        world.detach(wished).await;
        let composed = world
            .platform
            .composed_rotation(&world.context, id, Duration::from_mins(1))
            .await;
        let facts = Rotated {
            environment: app.test,
            wished,
            before: world.variables(app.test).await,
        };
        (composed.expect("it can be rotated"), facts)
    }

    async fn succeeded(&self, world: &World, facts: &Rotated) -> Result<(), String> {
        let variables = world.variables(facts.environment).await;
        ensure!(
            world.can_log_in(&variables, "DEFAULT") && world.can_log_in(&variables, "LEAVING"),
            "the credentials are not good"
        );
        ensure!(
            !world.can_log_in(&facts.before, "DEFAULT"),
            "the replaced credentials are still good"
        );
        let kept = "LEAVING_DATABASE_DSN";
        ensure!(
            variables[kept] == facts.before[kept],
            "the other instance has new credentials too"
        );
        let state = world.state(facts.wished).await;
        ensure!(
            state == S::PendingDetachment,
            "the other instance is {state}"
        );
        Ok(())
    }

    async fn rolled_back(&self, world: &World, facts: &Rotated) -> Result<(), String> {
        let variables = world.variables(facts.environment).await;
        ensure!(
            variables == facts.before,
            "the variables have changed: {variables:?}"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_succeeds_wholly_or_changes_nothing() {
    let played = play("rotation", Rotating, 1).await;
    println!("{played}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_succeeds_wholly_or_changes_nothing() {
    let played = play("deployment", Deploying, 2).await;
    println!("{played}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_succeeds_wholly_or_changes_nothing() {
    let played = play("rollback", RollingBack, 1).await;
    println!("{played}");
}
