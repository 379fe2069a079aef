//! Rolling back: image, variables and bindings of an earlier release, or a refusal before anything is
//! touched.

use windlass_engine::{Engine, ImageReference};
use windlass_model::instance::InstanceState as S;
use windlass_records::DeploymentStatus;

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::{refusal, web_container};
use super::support::verbs::{PRIVATE, SHARED};
use super::support::world::Run;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_restores_image_variables_and_bindings() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    world.set(app.test, "COLOUR", "red").await;
    world.deploy_well(app.test, ONE).await;
    let first = world.variables(app.test).await;
    let renamed = world
        .platform
        .rename_instance(&world.context, id, Some("MAIN"), None)
        .await;
    renamed.expect("it can be renamed");
    world.set(app.test, "COLOUR", "blue").await;
    world.set(app.test, "SIZE", "10").await;
    world.deploy_well(app.test, TWO).await;

    let view = world.roll_back(app.test, 1).await.expect("it is begun");
    assert_eq!(view.status, DeploymentStatus::Completed);
    assert_eq!(view.release_number, Some(3));
    assert_eq!(world.variables(app.test).await, first);
    let release = world.release(app.test).await.expect("it runs");
    let image = world.engine.image(&ImageReference(ONE.to_owned())).await;
    let workload = world.engine.workload(&web_container(&release));
    assert_eq!(
        workload.expect("it runs").image,
        image.expect("it answers").expect("it is there")
    );
    let prefix = world.instance(id).await.prefix;
    assert_eq!(prefix.as_str(), "MAIN", "the wish stays");
    world.check_tidy().await.expect("nothing is left over");

    let (code, text) = refusal(world.roll_back(app.test, 3).await);
    assert_eq!(code, "running", "{text}");
    assert_eq!(refusal(world.roll_back(app.test, 9).await).0, "not_found");
    assert_eq!(refusal(world.roll_back(app.live, 1).await).0, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_refused_while_a_service_is_detached_and_when_it_is_removed() {
    for service in [SHARED, PRIVATE] {
        let world = World::new(Run::Everything).await;
        let app = world.create("shop").await;
        let id = world.add(app.test, service, "DEFAULT").await;
        world.deploy_well(app.test, ONE).await;
        world.detach(id).await;
        world.deploy_well(app.test, TWO).await;

        let calls = world.engine.calls().len();
        let (code, text) = refusal(world.roll_back(app.test, 1).await);
        assert_eq!(code, "rollback_impossible");
        assert!(text.contains("attach it again first"), "{text}");
        let touched = world.engine.calls().split_off(calls);
        assert!(
            touched
                .iter()
                .all(|(method, _)| !format!("{method}").starts_with("Ensure")),
            "{touched:?}"
        );

        let attached = world.platform.attach_instance(&world.context, id).await;
        attached.expect("it can be attached again");
        let view = world.roll_back(app.test, 1).await.expect("it is begun");
        assert_eq!(view.status, DeploymentStatus::Completed);
        assert_eq!(world.state(id).await, S::Attached);
        let variables = world.variables(app.test).await;
        assert!(world.can_log_in(&variables, "DEFAULT"));

        // Back to the release without it: its data is kept, and it can be removed.
        let view = world.roll_back(app.test, 2).await.expect("it is begun");
        assert_eq!(view.status, DeploymentStatus::Completed);
        assert_eq!(world.state(id).await, S::PendingAttachment);
        world.remove(id).await;
        let (_, text) = refusal(world.roll_back(app.test, 1).await);
        assert!(text.contains("has been removed"), "{text}");
        world.check_tidy().await.expect("nothing is left over");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_refused_when_the_image_is_gone() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    let view = world.deploy_well(app.test, ONE).await;
    let first = world.release(app.test).await.expect("it runs");
    world.deploy_well(app.test, TWO).await;
    let deployment = windlass_model::id::short(view.deployment.id);
    // Another image has the name by now, and the operator takes the old one away.
    let newer = windlass_engine::simulated::Behaviour::serving(200);
    world.engine.add_image(ONE, &[], newer);
    let tag = ImageReference(format!("windlass/shop:{deployment}"));
    world
        .engine
        .remove(&web_container(&first))
        .await
        .expect("it answers");
    world.engine.remove_image(&tag).await.expect("it is ours");
    let (code, text) = refusal(world.roll_back(app.test, 1).await);
    assert_eq!(code, "rollback_impossible");
    assert!(text.contains("deploy"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_detach_outlives_a_rollback_that_uses_the_service() {
    let world = World::new(Run::Everything).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    world.deploy_well(app.test, ONE).await;
    world.deploy_well(app.test, TWO).await;
    world.detach(id).await;
    world.roll_back(app.test, 1).await.expect("it is begun");
    assert_eq!(world.state(id).await, S::PendingDetachment);
    let variables = world.variables(app.test).await;
    assert!(world.can_log_in(&variables, "DEFAULT"));
    world.check_tidy().await.expect("nothing is left over");
}
