//! Making an instance public, and private again.

use async_trait::async_trait;
use windlass_model::id::InstanceId;
use windlass_platform::testing::Composed;
use windlass_services::simulated::SimulatedDriver;

use super::super::support::World;
use super::super::support::tidy::ensure;
use super::super::support::verbs::SHARED;
use super::{Case, play};

/// An instance becomes public, or private if it was public.
struct Visibility {
    public: bool,
}

#[async_trait]
impl Case for Visibility {
    type Facts = InstanceId;
    const KIND: &'static str = "visibility";

    fn driver() -> SimulatedDriver {
        SimulatedDriver::new("postgres").with_media()
    }

    async fn arrange(&self, world: &World) -> (Composed, InstanceId) {
        let app = world.create("shop").await;
        let other = world.add(app.test, SHARED, "OTHER").await;
        world.provision(other).await;
        world.set_public(other, true).await;
        let id = world.add(app.test, SHARED, "DEFAULT").await;
        world.provision(id).await;
        if !self.public {
            world.set_public(id, true).await;
        }
        let composed = world
            .platform
            .composed_visibility(&world.context, id, self.public);
        (composed.await.expect("it can be set"), id)
    }

    async fn succeeded(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(instance.public == self.public, "{instance:?}");
        ensure!(instance.last_error.is_none(), "{instance:?}");
        let routed = world.media_hosts(*id).len();
        ensure!(routed == usize::from(self.public), "{routed} names");
        Ok(())
    }

    async fn rolled_back(&self, world: &World, id: &InstanceId) -> Result<(), String> {
        let instance = world.instance(*id).await;
        ensure!(instance.public != self.public, "{instance:?}");
        ensure!(
            instance.last_error.is_some(),
            "it does not say why: {instance:?}"
        );
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_becomes_public_wholly_or_not_at_all() {
    let played = play("public", Visibility { public: true }, 2).await;
    println!("{played}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_becomes_private_wholly_or_not_at_all() {
    let played = play("private", Visibility { public: false }, 2).await;
    println!("{played}");
}
