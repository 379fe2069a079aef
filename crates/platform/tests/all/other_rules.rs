//! Who may see what, and names.

use uuid::Uuid;
use windlass_model::access::{Level, Role};
use windlass_model::id::{OrganisationId, UserId};
use windlass_model::instance::InstanceState;
use windlass_operations::{Operation, OperationState};
use windlass_platform::{Context, NewEnvironment};
use windlass_records::{
    Change, Membership, Organisation, PageRequest, Scope, Store, Token, User, UserKind,
};
use windlass_services::simulated::{Call, Fault, Refusal};

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::refusal;
use super::support::verbs::{SHARED, request};
use super::support::world::Run;

/// Somebody of another organisation.
async fn stranger(world: &World) -> Context {
    let organisation = OrganisationId::from(Uuid::now_v7());
    let user = UserId::from(Uuid::now_v7());
    let at = windlass_model::time::Timestamp(1);
    let changes = vec![
        Change::InsertOrganisation(Organisation {
            id: organisation,
            name: "Others".to_owned(),
            created_at: at,
        }),
        Change::InsertUser(User {
            id: user,
            kind: UserKind::Person,
            email: "stranger@localhost".to_owned(),
            first_name: "S".to_owned(),
            last_name: "T".to_owned(),
            is_operator: false,
            created_at: at,
        }),
        Change::InsertMembership(Membership {
            user,
            organisation,
            role: Role::Owner,
            created_at: at,
        }),
        Change::InsertToken(Token {
            id: windlass_platform::mint(),
            user,
            name: "test".to_owned(),
            hash: windlass_platform::token_hash("wl_stranger"),
            level: Level::Manage,
            scope: Scope::Everywhere,
            created_at: at,
            expires_at: None,
            last_used_at: None,
        }),
    ];
    world.store.commit(changes).await.expect("they are made");
    let stranger = world.platform.authenticate("wl_stranger", "test").await;
    stranger.expect("the token is good")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organisations_objects_do_not_exist() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    let view = world.deploy_well(app.test, ONE).await;
    world.deploy_well(app.test, TWO).await;
    world.set(app.test, "COLOUR", "red").await;
    let (other, platform) = (stranger(&world).await, &world.platform);
    let page = PageRequest::first(10);

    let variable = platform.variables(&world.context, app.test, Some("COLOUR"));
    let variable = variable.await.expect("it is there")[0].id.expect("custom");
    let deployment = view.deployment.id;
    let operation = view.deployment.operation;
    let asked = [
        refusal(platform.application(&other, app.id).await),
        refusal(platform.environment(&other, app.test).await),
        refusal(platform.environments(&other, app.id, None).await),
        refusal(platform.instance(&other, id).await),
        refusal(platform.instances(&other, app.test, &page).await),
        refusal(platform.provision_instance(&other, id).await),
        refusal(platform.attach_instance(&other, id).await),
        refusal(platform.detach_instance(&other, id).await),
        refusal(platform.cancel_detachment(&other, id).await),
        refusal(platform.rename_instance(&other, id, Some("X"), None).await),
        refusal(platform.remove_instance(&other, id, "DEFAULT").await),
        refusal(platform.deploy(&other, request(app.test, ONE)).await),
        refusal(platform.plan(&other, request(app.test, ONE)).await),
        refusal(platform.rollback(&other, app.test, 1).await),
        refusal(platform.releases(&other, app.test, &page).await),
        refusal(platform.deployment(&other, deployment).await),
        refusal(platform.deployment_log(&other, deployment).await),
        refusal(
            platform
                .deployment_variables(&other, deployment, true)
                .await,
        ),
        refusal(platform.cancel_deployment(&other, deployment).await),
        refusal(
            platform
                .deployments(&other, Some(app.id), None, &page)
                .await,
        ),
        refusal(platform.operation(&other, operation).await),
        refusal(platform.cancel_operation(&other, operation).await),
        refusal(platform.retry_operation(&other, operation).await),
        refusal(platform.skip_step(&other, operation, "build", "why").await),
        refusal(platform.abandon_operation(&other, operation, "why").await),
        refusal(platform.variables(&other, app.test, None).await),
        refusal(platform.set_variables(&other, app.test, Vec::new()).await),
        refusal(platform.unset_variable(&other, variable).await),
        refusal(platform.remove_application(&other, app.id, "shop").await),
        refusal(platform.set_branch(&other, app.test, "main").await),
    ];
    for (number, (code, text)) in asked.into_iter().enumerate() {
        assert_eq!(code, "not_found", "number {number}: {text}");
    }
    let seen = platform.applications(&other, None, None, &page).await;
    assert!(seen.expect("a list").rows.is_empty());
    let seen = platform.operations(&other, Vec::new(), &page).await;
    assert!(seen.expect("a list").rows.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_taken_are_refused_whatever_is_in_them() {
    let world = World::new(Run::Nothing).await;
    let app = world.create("subnet-shop").await;
    let create = |slug: &str| windlass_platform::NewApplication {
        slug: slug.to_owned(),
        ..windlass_platform::NewApplication::default()
    };
    let again = world
        .platform
        .create_application(&world.context, create("subnet-shop"))
        .await;
    assert!(refusal(again).1.contains("choose another name"));
    let environment = || {
        let new = NewEnvironment {
            application: app.id,
            slug: "subnet".to_owned(),
            branch: None,
        };
        world.platform.create_environment(&world.context, new)
    };
    environment().await.expect("it is free");
    assert!(
        refusal(environment().await)
            .1
            .contains("choose another name")
    );
    for bad in ["", "a", "Shop", "-shop", "shop-", "control-shop", "läden"] {
        let new = world
            .platform
            .create_application(&world.context, create(bad))
            .await;
        assert!(refusal(new).1.contains("is not allowed"), "{bad}");
    }
}

/// A deployment that an operator gives up leaves nothing behind that a later one would use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_given_up_is_not_built_upon() {
    let world = World::new(Run::Nothing).await;
    let app = world.create("shop").await;
    world.add(app.test, SHARED, "DEFAULT").await;
    let begun = world
        .begin(app.test, super::support::images::CRASHING)
        .await;
    let operation = begun.expect("it begins").deployment.operation;
    // The credentials can be made, and then not be taken away again.
    for _ in 0..20 {
        world
            .driver
            .fault(Call::Unbind, Fault::Before(Refusal::Unauthorized));
    }
    world.start(Run::Operations);
    let load = async || -> Operation {
        let loaded = world.platform.operation(&world.context, operation).await;
        loaded.expect("it is there")
    };
    world
        .until("it needs attention", async || {
            load().await.state == OperationState::NeedsAttention
        })
        .await;
    let given_up = world
        .platform
        .abandon_operation(&world.context, operation, "the server is gone")
        .await;
    given_up.expect("it can be given up");
    world.driver.clear_faults();
    world.deploy_well(app.test, ONE).await;
    let variables = world.variables(app.test).await;
    assert!(world.can_log_in(&variables, "DEFAULT"));
    let user = &variables["DEFAULT_DATABASE_USER"];
    assert_eq!(
        world.users(),
        std::collections::BTreeSet::from([user.clone()])
    );
}

/// What a provisioning that an operator gives up has left on a shared cluster goes with the instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provisioning_that_is_given_up_leaves_nothing_for_good() {
    let world = World::new(Run::Nothing).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    let begun = world.platform.provision_instance(&world.context, id).await;
    let operation = begun.expect("it begins").id;
    world.driver.fault(Call::Provision, Fault::HalfWay);
    world
        .driver
        .fault(Call::Provision, Fault::Before(Refusal::Unauthorized));
    for _ in 0..20 {
        world
            .driver
            .fault(Call::Destroy, Fault::Before(Refusal::Unauthorized));
    }
    world.start(Run::Operations);
    world
        .until("it needs attention", async || {
            let loaded = world.platform.operation(&world.context, operation).await;
            loaded.expect("it is there").state == OperationState::NeedsAttention
        })
        .await;
    let given_up = world
        .platform
        .abandon_operation(&world.context, operation, "the server is gone")
        .await;
    given_up.expect("it can be given up");
    assert_eq!(world.state(id).await, InstanceState::New);
    assert_eq!(world.databases().len(), 1, "half of it is left");
    world.driver.clear_faults();

    // It stays known while the server is away: an attempt that never came to it destroyed nothing.
    for _ in 0..20 {
        world
            .driver
            .fault(Call::Provision, Fault::Before(Refusal::Unreachable));
    }
    let failed = world.provision(id).await;
    assert_eq!(failed.state, OperationState::RolledBack, "{failed:?}");
    assert_eq!(world.databases().len(), 1);
    world.driver.clear_faults();

    let removed = world.remove(id).await;
    assert_eq!(removed.state, OperationState::Succeeded, "{removed:?}");
    assert!(world.databases().is_empty());
}
