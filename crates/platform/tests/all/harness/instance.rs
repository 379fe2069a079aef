//! Provisioning and removal of one instance, on the shared cluster and with a private one.

use async_trait::async_trait;
use windlass_model::id::{InstanceId, short};
use windlass_model::instance::InstanceState as S;
use windlass_platform::testing::Composed;

use super::super::support::World;
use super::super::support::tidy::ensure;
use super::super::support::verbs::{PRIVATE, SHARED};
use super::{Case, play};

/// An instance of this service is provisioned beside another one.
struct Provisioning(&'static str);

#[async_trait]
impl Case for Provisioning {
    type Facts = InstanceId;
    const KIND: &'static str = "provisioning";

    async fn arrange(&self, world: &World) -> (Composed, InstanceId) {
        let app = world.create("shop").await;
        let other = world.add(app.test, self.0, "OTHER").await;
        world.provision(other).await;
        let id = world.add(app.test, self.0, "DEFAULT").await;
        let composed = world
            .platform
            .composed_provisioning(&world.context, id)
            .await;
        (composed.expect("it can be provisioned"), id)
    }

    async fn succeeded(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(
            instance.state == S::PendingAttachment && instance.cluster.is_some(),
            "{instance:?}"
        );
        ensure!(instance.last_error.is_none(), "{instance:?}");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(
            instance.state == S::New && instance.cluster.is_none(),
            "{instance:?}"
        );
        ensure!(
            instance.last_error.is_some(),
            "it does not say why: {instance:?}"
        );
        Ok(())
    }
}

/// An instance of this service is removed; another one stays.
struct Removal(&'static str);

#[async_trait]
impl Case for Removal {
    type Facts = InstanceId;
    const KIND: &'static str = "removal";

    async fn arrange(&self, world: &World) -> (Composed, InstanceId) {
        let app = world.create("shop").await;
        let other = world.add(app.test, self.0, "OTHER").await;
        world.provision(other).await;
        let id = world.add(app.test, self.0, "DEFAULT").await;
        world.provision(id).await;
        let composed = world
            .platform
            .composed_removal(&world.context, id, "DEFAULT")
            .await;
        (composed.expect("it can be removed"), id)
    }

    async fn succeeded(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(instance.state == S::Removed, "{instance:?}");
        ensure!(
            !world.databases().contains_key(&short(*id)),
            "its data is still there"
        );
        ensure!(world.databases().len() == 1, "the other one is gone");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(instance.state == S::PendingAttachment, "{instance:?}");
        ensure!(
            world.databases().contains_key(&short(*id)),
            "its data is gone"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provisioning_makes_all_or_nothing() {
    let played = play("provisioning, shared", Provisioning(SHARED), 2).await;
    println!("{played}");
    let played = play("provisioning, private", Provisioning(PRIVATE), 2).await;
    println!("{played}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_destroys_all_or_nothing() {
    let played = play("removal, shared", Removal(SHARED), 2).await;
    println!("{played}");
    let played = play("removal, private", Removal(PRIVATE), 2).await;
    println!("{played}");
}
