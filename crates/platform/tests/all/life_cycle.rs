//! The life cycle of an instance, end to end.

use windlass_model::instance::InstanceState as S;
use windlass_operations::OperationState;

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::refusal;
use super::support::verbs::{PRIVATE, SHARED};
use super::support::world::Run;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_goes_the_whole_way_on_shared_and_private_clusters() {
    for service in [SHARED, PRIVATE] {
        let world = World::new(Run::Everything).await;
        let app = world.create("shop").await;
        let id = world.add(app.test, service, "DEFAULT").await;
        assert_eq!(world.state(id).await, S::New);
        assert!(world.databases().is_empty(), "added is recorded only");
        let usage = world.platform.instance_usage(&world.context, id).await;
        assert_eq!(refusal(usage).0, "not_provisioned");

        world.provision(id).await;
        assert_eq!(world.state(id).await, S::PendingAttachment);
        let usage = world.platform.instance_usage(&world.context, id).await;
        let usage = usage.expect("its server answers");
        assert_eq!((usage.connections, usage.connection_limit), (0, 60));
        assert_eq!(world.databases().len(), 1, "it exists");
        assert!(world.users().is_empty(), "no application knows it");

        world.deploy_well(app.test, ONE).await;
        assert_eq!(world.state(id).await, S::Attached);
        let first = world.variables(app.test).await;
        assert_eq!(
            world.ask(app.test, "DATABASE_URL").await.as_ref(),
            first.get("DATABASE_URL")
        );
        assert!(world.can_log_in(&first, "DEFAULT"));

        world.detach(id).await;
        assert_eq!(world.state(id).await, S::PendingDetachment);
        assert!(world.can_log_in(&first, "DEFAULT"), "still usable");
        let (code, text) = refusal(
            world
                .platform
                .remove_instance(&world.context, id, "DEFAULT")
                .await,
        );
        assert_eq!(code, "deploy_first", "{text}");

        world.deploy_well(app.test, TWO).await;
        assert_eq!(world.state(id).await, S::Detached);
        assert!(!world.can_log_in(&first, "DEFAULT"), "revoked");
        assert_eq!(world.ask(app.test, "DATABASE_URL").await, None);
        assert_eq!(world.databases().len(), 1, "its data is kept");

        let attached = world.platform.attach_instance(&world.context, id).await;
        attached.expect("it can be attached again");
        world.deploy_well(app.test, TWO).await;
        let second = world.variables(app.test).await;
        assert!(world.can_log_in(&second, "DEFAULT"));
        assert_ne!(first["DATABASE_URL"], second["DATABASE_URL"]);

        world.detach(id).await;
        world.deploy_well(app.test, ONE).await;
        let removed = world.remove(id).await;
        assert_eq!(removed.state, OperationState::Succeeded);
        assert_eq!(world.state(id).await, S::Removed);
        assert!(world.databases().is_empty());
        world.check_tidy().await.expect("nothing is left over");
    }
}
