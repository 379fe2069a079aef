//! What it asks.

use bson::{Document, doc};
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId, short};
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::{BindingSpec, Driver, Error, InstanceSpec, password};

use crate::stand_in::{Asked, StandIn};

pub(crate) fn spec() -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::from(Uuid::now_v7()),
        connection_limit: 10,
        comment: "shop/test/DEFAULT".to_owned(),
        given: None,
        owner: None,
        storage_bytes: None,
    }
}

pub(crate) fn binding(generation: u32) -> BindingSpec {
    BindingSpec {
        binding: BindingId::from(Uuid::now_v7()),
        generation,
        password: password::generate(),
    }
}

pub(crate) fn database(spec: &InstanceSpec) -> String {
    format!("svc_{}", short(spec.instance))
}

/// The changes among what was asked, with the database of each.
fn changes(asked: &[Asked]) -> Vec<(&str, &str)> {
    let looks = ["usersInfo", "listDatabases", "dbStats", "aggregate"];
    let changes = asked
        .iter()
        .filter(|(name, ..)| !looks.contains(&name.as_str()));
    changes
        .map(|(name, database, _)| (name.as_str(), database.as_str()))
        .collect()
}

fn first<'a>(asked: &'a [Asked], name: &str) -> &'a Document {
    let found = asked.iter().find(|(asked, ..)| asked == name);
    &found.expect("it was asked").2
}

#[tokio::test]
async fn an_instance_is_a_user_without_roles_until_its_database_is_written() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver.prepare(&server.access).await.expect("prepare");
    server.asked();
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    let (name, asked) = (database(&spec), server.asked());
    let name = name.as_str();
    let wanted = [("createUser", name), ("update", name), ("drop", name)];
    assert_eq!(changes(&asked), wanted);
    let mark = first(&asked, "createUser");
    assert!(mark.get_array("roles").expect("roles").is_empty());
    let data = doc! { "windlass": {
        "instance": spec.instance.to_string(), "connections": 10_i64, "comment": "shop/test/DEFAULT",
    } };
    assert_eq!(mark.get_document("customData").expect("a mark"), &data);

    driver
        .provision(&server.access, &spec)
        .await
        .expect("again");
    assert_eq!(changes(&server.asked())[0], ("updateUser", name));
    let other = InstanceSpec {
        connection_limit: 11,
        ..spec.clone()
    };
    let error = driver.provision(&server.access, &other).await;
    let error = error.expect_err("other parameters");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    let listed = driver.list(&server.access).await.expect("list");
    assert_eq!(listed, [short(spec.instance)]);
    let usage = driver.usage(&server.access, spec.instance).await;
    let usage = usage.expect("usage");
    assert_eq!((usage.bytes, usage.connections), (32768, 3));
}

#[tokio::test]
async fn a_binding_has_roles_of_its_own_database_only() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    server.asked();
    let one = binding(1);
    driver
        .bind(&server.access, &spec, &one)
        .await
        .expect("bind");
    let (name, asked) = (database(&spec), server.asked());
    let user = format!("{name}_1");
    assert_eq!(changes(&asked), [("createUser", name.as_str())]);
    let created = first(&asked, "createUser");
    assert_eq!(created.get_str("createUser").expect("a name"), user);
    let roles = [
        doc! { "role": "readWrite", "db": &name },
        doc! { "role": "dbAdmin", "db": &name },
    ];
    let asked_for = created.get_array("roles").expect("roles");
    assert!(
        asked_for
            .iter()
            .filter_map(|role| role.as_document())
            .eq(&roles)
    );
    let mechanisms = created.get_array("mechanisms").expect("mechanisms");
    assert_eq!(mechanisms, &["SCRAM-SHA-256".into()]);

    driver
        .bind(&server.access, &spec, &one)
        .await
        .expect("again");
    let asked = server.asked();
    assert_eq!(changes(&asked), [("updateUser", name.as_str())]);
    first(&asked, "updateUser")
        .get_str("pwd")
        .expect("the password is set again");
    let error = driver.bind(&server.access, &spec, &binding(1)).await;
    let error = error.expect_err("the generation is taken");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

#[tokio::test]
async fn revoking_ends_what_is_at_work_also_after_a_crash() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    driver
        .bind(&server.access, &spec, &binding(1))
        .await
        .expect("bind");
    let name = database(&spec);
    for wanted in [
        vec![("dropUser", name.as_str()), ("killAllSessions", "admin")],
        vec![("killAllSessions", "admin")],
    ] {
        server.asked();
        let unbound = driver.unbind(&server.access, spec.instance, 1).await;
        unbound.expect("unbind");
        let asked = server.asked();
        assert_eq!(changes(&asked), wanted);
        let ended = first(&asked, "killAllSessions");
        let user = doc! { "user": format!("{name}_1"), "db": &name };
        assert_eq!(
            ended.get_array("killAllSessions").expect("users"),
            &[user.into()]
        );
    }
}

#[tokio::test]
async fn the_mark_goes_last() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    driver
        .bind(&server.access, &spec, &binding(1))
        .await
        .expect("bind");
    let name = database(&spec);
    server.add_database(&name);
    server.asked();
    driver
        .destroy(&server.access, spec.instance)
        .await
        .expect("destroy");
    let name = name.as_str();
    let wanted = [
        ("dropUser", name),
        ("killAllSessions", "admin"),
        ("dropDatabase", name),
        ("dropDatabase", name),
        ("dropAllUsersFromDatabase", name),
    ];
    assert_eq!(changes(&server.asked()), wanted);
    assert!(server.users().is_empty());
    driver
        .destroy(&server.access, spec.instance)
        .await
        .expect("absent");
    assert!(changes(&server.asked()).is_empty());
}

/// Everybody's sessions would be ended if nobody was named.
#[tokio::test]
async fn an_instance_without_bindings_ends_nobodys_sessions() {
    let (driver, server, spec) = (MongodbDriver::mongodb(), StandIn::start().await, spec());
    driver
        .provision(&server.access, &spec)
        .await
        .expect("provision");
    server.asked();
    driver
        .destroy(&server.access, spec.instance)
        .await
        .expect("destroy");
    let asked = server.asked();
    assert!(
        changes(&asked)
            .iter()
            .all(|(name, _)| *name != "killAllSessions")
    );
}

#[tokio::test]
async fn what_is_foreign_is_left_alone() {
    let (driver, server) = (MongodbDriver::mongodb(), StandIn::start().await);
    let (by_user, by_data) = (spec(), spec());
    let name = database(&by_user);
    for user in [name.clone(), format!("{name}_1")] {
        server.add_user(doc! { "user": user, "db": &name, "roles": [] });
    }
    server.add_database(&database(&by_data));
    let access = &server.access;
    for refused in [
        driver.provision(access, &by_user).await,
        driver.bind(access, &by_user, &binding(1)).await.map(drop),
        driver.unbind(access, by_user.instance, 1).await,
        driver.destroy(access, by_user.instance).await,
        driver.provision(access, &by_data).await,
        driver.destroy(access, by_data.instance).await,
    ] {
        let error = refused.expect_err("foreign");
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    }
    assert!(changes(&server.asked()).is_empty());
    assert!(driver.list(access).await.expect("list").is_empty());
}
