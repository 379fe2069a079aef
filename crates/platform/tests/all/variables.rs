//! Variables: prefixes, precedence, what may hide what, and what the plan says.

use std::collections::BTreeMap;

use windlass_platform::{Plan, VariableChange};

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::refusal;
use super::support::verbs::{App, PRIVATE, SHARED, request};
use super::support::world::Run;

async fn plan(world: &World, app: App) -> Plan {
    let plan = world
        .platform
        .plan(&world.context, request(app.test, ONE))
        .await;
    plan.expect("it can be planned")
}

fn changes(plan: &Plan) -> BTreeMap<String, VariableChange> {
    let changed = plan.variables.iter();
    changed
        .map(|variable| (variable.name.to_string(), variable.change))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_under_prefixes_and_a_changed_prefix() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    world.add(app.test, SHARED, "DEFAULT").await;
    let second = world.add(app.test, PRIVATE, "search").await;
    let (_, text) = refusal(world.try_add(app.test, SHARED, "SEARCH").await);
    assert!(text.contains("prefix"), "{text}");
    world.deploy_well(app.test, ONE).await;
    let variables = world.variables(app.test).await;
    for prefix in ["DEFAULT", "SEARCH"] {
        assert!(world.can_log_in(&variables, prefix), "{prefix}");
    }
    assert_eq!(variables["DATABASE_URL"], variables["DEFAULT_DATABASE_DSN"]);
    assert_ne!(
        variables["DEFAULT_DATABASE_HOST"],
        variables["SEARCH_DATABASE_HOST"]
    );

    let renamed = world
        .platform
        .rename_instance(&world.context, second, Some("INDEX"), None)
        .await;
    renamed.expect("it can be renamed");
    assert_eq!(
        world.variables(app.test).await,
        variables,
        "nothing changes before the next deployment"
    );
    let planned = plan(&world, app).await;
    let action = |prefix: &str| {
        let instance = planned
            .instances
            .iter()
            .find(|it| it.prefix.as_str() == prefix);
        instance.map(|it| it.action)
    };
    assert_eq!(action("INDEX"), Some("rename"));
    assert_eq!(action("DEFAULT"), Some("keep"));
    let changed = changes(&planned);
    assert_eq!(changed["INDEX_DATABASE_DSN"], VariableChange::Added);
    assert_eq!(changed["SEARCH_DATABASE_DSN"], VariableChange::Removed);
    assert_eq!(changed.len(), 12, "{changed:?}");

    world.deploy_well(app.test, ONE).await;
    let after = world.variables(app.test).await;
    assert_eq!(
        after["INDEX_DATABASE_DSN"], variables["SEARCH_DATABASE_DSN"],
        "the same credentials under another name"
    );
    assert!(!after.contains_key("SEARCH_DATABASE_DSN"));
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_over_service_over_built_in() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "DEFAULT").await;
    let name = "DEFAULT_DATABASE_DSN";
    let (_, text) = refusal(world.try_set(app.test, name, "mine", false).await);
    assert!(text.contains("override"), "{text}");
    let set = world.try_set(app.test, name, "mine", true).await;
    set.expect("it may with override");
    world.set(app.test, "STAGE", "mine").await;
    world.deploy_well(app.test, ONE).await;
    let variables = world.variables(app.test).await;
    assert_eq!(variables[name], "mine");
    assert_eq!(variables["STAGE"], "mine");
    assert_ne!(variables["DATABASE_URL"], "mine");

    let unset = world
        .platform
        .unset_variables(&world.context, app.test, &[name.to_owned()])
        .await;
    unset.expect("it is there");
    let changed = changes(&plan(&world, app).await);
    assert_eq!(changed[name], VariableChange::Changed, "{changed:?}");
    world.deploy_well(app.test, ONE).await;
    assert_ne!(world.variables(app.test).await[name], "mine");

    // Free while the instance is about to go; then nothing may bring it back hidden.
    world.detach(id).await;
    world.set(app.test, name, "mine").await;
    let cancelled = world.platform.cancel_detachment(&world.context, id).await;
    let (_, text) = refusal(cancelled);
    assert!(text.contains(name) && text.contains("override"), "{text}");
    world.deploy_well(app.test, ONE).await;
    let attached = world.platform.attach_instance(&world.context, id).await;
    assert!(refusal(attached).1.contains(name));
    let (_, text) = refusal(
        world
            .platform
            .unset_variables(&world.context, app.test, &["NONE".to_owned()])
            .await,
    );
    assert!(text.contains("NONE"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plan_says_what_a_deployment_would_change() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    world.set(app.test, "COLOUR", "red").await;
    let kept = world.add(app.test, SHARED, "KEPT").await;
    let leaving = world.add(app.test, SHARED, "LEAVING").await;
    let first = plan(&world, app).await;
    assert_eq!(first.action, "create");
    assert!(first.instances.iter().all(|it| it.action == "create"));
    world.deploy_well(app.test, TWO).await;
    let nothing = plan(&world, app).await;
    assert!(nothing.variables.is_empty(), "{nothing:?}");
    assert!(nothing.instances.iter().all(|it| it.action == "keep"));

    world.detach(leaving).await;
    world.set(app.test, "COLOUR", "blue").await;
    let new = world.add(app.test, SHARED, "NEW").await;
    let ready = world.add(app.test, SHARED, "READY").await;
    world.provision(ready).await;
    let planned = plan(&world, app).await;
    assert_eq!(planned.action, "restart");
    let actions: BTreeMap<_, _> = planned
        .instances
        .iter()
        .map(|it| (it.id, it.action))
        .collect();
    assert_eq!(
        actions,
        BTreeMap::from([
            (kept, "keep"),
            (leaving, "detach"),
            (new, "create"),
            (ready, "attach")
        ])
    );
    let changed = changes(&planned);
    assert_eq!(changed["COLOUR"], VariableChange::Changed);
    assert_eq!(changed["LEAVING_DATABASE_DSN"], VariableChange::Removed);
    assert_eq!(changed["NEW_DATABASE_DSN"], VariableChange::Added);
    assert_eq!(changed["READY_DATABASE_DSN"], VariableChange::Added);
    assert_eq!(changed.len(), 1 + 3 * 6, "{changed:?}");
    assert_eq!(
        world.state(new).await.as_str(),
        "NEW",
        "a plan changes nothing"
    );
}
