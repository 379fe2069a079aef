//! Variables by the names of frameworks: when they come and go, and whose they are.

use std::collections::BTreeMap;

use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_platform::{Error, NewInstance, Plan, VariableChange};
use windlass_records::DeploymentStatus;

use super::support::World;
use super::support::images::{ONE, TWO};
use super::support::looks::refusal;
use super::support::verbs::{App, SHARED, request};
use super::support::world::Run;

async fn add(world: &World, app: App, prefix: &str, profile: &str) -> Result<InstanceId, Error> {
    let new = NewInstance {
        environment: app.test,
        service: SHARED.to_owned(),
        prefix: Some(prefix.to_owned()),
        region: None,
        url_scheme: None,
        profile: Some(profile.to_owned()),
        url: None,
        public: false,
    };
    let view = world.platform.add_instance(&world.context, new).await?;
    Ok(view.instance.id)
}

async fn give(world: &World, id: InstanceId, profile: &str) -> Result<(), Error> {
    let given = world
        .platform
        .set_instance_profile(&world.context, id, profile);
    given.await.map(drop)
}

/// The names that a refusal is about: the field, and what it says.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> (&'static str, String) {
    match answer.expect_err("it is refused") {
        Error::Invalid(errors) => (errors[0].field, errors[0].message.clone()),
        other => panic!("{other}"),
    }
}

async fn plan(world: &World, app: App) -> Plan {
    let plan = world
        .platform
        .plan(&world.context, request(app.test, ONE))
        .await;
    plan.expect("it can be planned")
}

fn changes(plan: &Plan) -> BTreeMap<&str, VariableChange> {
    let changed = plan.variables.iter();
    changed
        .map(|variable| (variable.name.as_str(), variable.change))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_come_with_a_deployment_go_with_one_and_come_back_with_a_rollback() {
    use VariableChange::{Added, Removed};

    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let id = world.add(app.test, SHARED, "REPORTS").await;
    world.deploy_well(app.test, ONE).await;
    let before = world.variables(app.test).await;

    give(&world, id, "libpq").await.expect("the type has them");
    assert_eq!(world.instance(id).await.profile, Some(Profile::Libpq));
    assert_eq!(world.variables(app.test).await, before, "not yet");
    let planned = plan(&world, app).await;
    let wanted = BTreeMap::from([("PGPASSWORD", Added), ("PGUSER", Added)]);
    assert_eq!(changes(&planned), wanted);
    assert_eq!(planned.instances[0].action, "rename");
    let view = world.platform.instance(&world.context, id).await;
    let names = view.expect("it is there").variable_names;
    assert!(names.iter().any(|name| name.as_str() == "PGUSER"));
    let listed = world
        .platform
        .variables(&world.context, app.test, None)
        .await;
    let listed = listed.expect("they are listed");
    let is_sensitive = |name: &str| {
        let found = listed.iter().find(|it| it.name.as_str() == name);
        found.expect("it is listed").is_sensitive
    };
    assert!(is_sensitive("PGPASSWORD") && !is_sensitive("PGUSER"));

    world.deploy_well(app.test, TWO).await;
    let with = world.variables(app.test).await;
    assert_eq!(with["PGUSER"], with["REPORTS_DATABASE_USER"]);
    assert_eq!(with["PGPASSWORD"], with["REPORTS_DATABASE_PASSWORD"]);
    assert_eq!(with.len(), before.len() + 2);
    assert!(changes(&plan(&world, app).await).is_empty());

    give(&world, id, "none")
        .await
        .expect("it can be taken back");
    let wanted = BTreeMap::from([("PGPASSWORD", Removed), ("PGUSER", Removed)]);
    assert_eq!(changes(&plan(&world, app).await), wanted);
    world.deploy_well(app.test, ONE).await;
    assert!(!world.variables(app.test).await.contains_key("PGUSER"));

    let view = world.roll_back(app.test, 2).await.expect("it is begun");
    assert_eq!(view.status, DeploymentStatus::Completed);
    let again = world.variables(app.test).await;
    assert_eq!(again["PGUSER"], with["PGUSER"]);
    assert_eq!(again["PGPASSWORD"], with["PGPASSWORD"]);
    assert_eq!(world.instance(id).await.profile, None, "the wish stays");
    world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_without_a_prefix_are_one_instances() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let first = add(&world, app, "FIRST", "libpq")
        .await
        .expect("it is added");
    let (field, text) = refused(add(&world, app, "SECOND", "libpq").await);
    assert_eq!(field, "inject_profile");
    assert!(
        text.contains("PGUSER") && text.contains("'FIRST'"),
        "{text}"
    );
    let second = add(&world, app, "SECOND", "none")
        .await
        .expect("it is added");
    assert_eq!(world.instance(second).await.profile, None);
    let (field, text) = refused(give(&world, second, "libpq").await);
    assert_eq!(field, "inject_profile");
    assert!(
        text.contains("PGUSER") && text.contains("'FIRST'"),
        "{text}"
    );
    // Another environment is another matter, and so are names that the prefix is in.
    let mut live = app;
    live.test = app.live;
    add(&world, live, "FIRST", "libpq")
        .await
        .expect("it is added");
    give(&world, second, "rails")
        .await
        .expect("names of its own");
    give(&world, first, "rails")
        .await
        .expect("names of its own");
    give(&world, second, "libpq").await.expect("free by now");

    for (profile, words) in [
        ("spring", "libpq, django, rails"),
        ("Libpq", "'Libpq'"),
        ("", "''"),
    ] {
        let (field, text) = refused(give(&world, first, profile).await);
        assert_eq!(field, "inject_profile");
        assert!(text.contains(words) && text.contains("postgres"), "{text}");
        let (field, _) = refused(add(&world, app, "THIRD", profile).await);
        assert_eq!(field, "inject_profile");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_variables_and_they_do_not_hide_each_other_unasked() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let id = add(&world, app, "DEFAULT", "libpq")
        .await
        .expect("it is added");
    let (_, text) = refusal(world.try_set(app.test, "PGUSER", "mine", false).await);
    assert!(text.contains("override"), "{text}");
    let set = world.try_set(app.test, "PGUSER", "mine", true).await;
    set.expect("it may with override");
    world.deploy_well(app.test, ONE).await;
    let variables = world.variables(app.test).await;
    assert_eq!(variables["PGUSER"], "mine");
    assert_eq!(
        variables["PGPASSWORD"],
        variables["DEFAULT_DATABASE_PASSWORD"]
    );

    give(&world, id, "none")
        .await
        .expect("it can be taken back");
    world.set(app.test, "PGPASSWORD", "mine").await;
    let (field, text) = refused(give(&world, id, "libpq").await);
    assert_eq!(field, "inject_profile");
    assert!(text.contains("PGPASSWORD"), "{text}");
    let (field, _) = refused(add(&world, app, "SECOND", "libpq").await);
    assert_eq!(field, "inject_profile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_gives_way_to_a_name_that_was_asked_for() {
    let world = World::new(Run::Operations).await;
    let app = world.create("shop").await;
    let default = world.add(app.test, SHARED, "DEFAULT").await;
    let reports = world.add(app.test, SHARED, "REPORTS").await;
    world.deploy_well(app.test, ONE).await;
    let before = world.variables(app.test).await;
    assert_eq!(before["DATABASE_URL"], before["DEFAULT_DATABASE_DSN"]);

    // Whose the name is changes nothing of its value.
    give(&world, default, "django")
        .await
        .expect("the type has it");
    assert!(changes(&plan(&world, app).await).is_empty());
    let (_, text) = refused(give(&world, reports, "django").await);
    assert!(
        text.contains("DATABASE_URL") && text.contains("'DEFAULT'"),
        "{text}"
    );

    give(&world, default, "none")
        .await
        .expect("it can be taken back");
    give(&world, reports, "django")
        .await
        .expect("an alias gives way");
    let wanted = BTreeMap::from([("DATABASE_URL", VariableChange::Changed)]);
    assert_eq!(changes(&plan(&world, app).await), wanted);
    world.deploy_well(app.test, ONE).await;
    let after = world.variables(app.test).await;
    assert_eq!(after["DATABASE_URL"], after["REPORTS_DATABASE_DSN"]);

    // The same in the other order, and the one that stays has its alias again.
    world.detach(reports).await;
    world.deploy_well(app.test, ONE).await;
    assert_eq!(world.variables(app.test).await, {
        let mut left = before.clone();
        left.retain(|name, _| !name.starts_with("REPORTS_"));
        left
    });
    let attached = world
        .platform
        .attach_instance(&world.context, reports)
        .await;
    attached.expect("no alias is in its way");
    world.check_tidy().await.expect("nothing is left over");
}
