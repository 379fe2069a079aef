//! What is kept from whom. FerretDB knows who is who, and nothing of who may do what.

use serde_json::{Value, json};
use windlass_services::{Driver, Error};

use crate::fixture::{Ferretdb, database, write};

/// What would show or change something.
fn commands() -> Vec<Value> {
    vec![
        json!(["find", "values"]),
        json!(["insert", "values", { "documents": [{ "_id": 1 }] }]),
        json!(["update", "values", { "updates": [{ "q": {}, "u": { "a": 1 }, "upsert": true }] }]),
        json!(["delete", "values", { "deletes": [{ "q": {}, "limit": 0 }] }]),
        json!(["aggregate", "values", { "pipeline": [], "cursor": {} }]),
        json!(["create", "mine"]),
        json!(["drop", "values"]),
        json!(["dropDatabase", 1]),
        json!(["listCollections", 1]),
        json!(["listDatabases", 1]),
        json!(["dbStats", 1]),
        json!(["usersInfo", 1]),
        json!(["createUser", "mine", { "pwd": "mine", "roles": [] }]),
        json!(["updateUser", "windlass", { "pwd": "mine" }]),
        json!(["dropUser", "windlass"]),
        json!(["dropAllUsersFromDatabase", 1]),
        json!(["serverStatus", 1]),
        json!(["getLog", "startupWarnings"]),
        json!(["getParameter", 1]),
        json!(["currentOp", 1]),
    ]
}

#[tokio::test]
async fn who_has_no_password_can_do_nothing() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let name = database(&spec);
    let port = ferretdb.access.endpoint.port;
    let anonymous = format!("mongodb://127.0.0.1:{port}/{name}");
    let anonymous = ferretdb.server.python.open_anonymous(&anonymous);
    for command in commands() {
        for place in [name.as_str(), "admin"] {
            let refused = anonymous.run(place, &command).expect_err("refused");
            assert!(
                refused.contains("requires authentication"),
                "{command}: {refused}"
            );
        }
    }
    ferretdb.tenant(&spec, &binding);
    ferretdb
        .driver
        .check(&ferretdb.access, spec.instance)
        .await
        .expect("check");

    // The user that is the mark has no password at all.
    for password in ["", "x", "windlass"] {
        let url = format!("mongodb://{name}:{password}@127.0.0.1:{port}/{name}?authSource={name}");
        for mechanism in [
            "",
            "&authMechanism=SCRAM-SHA-1",
            "&authMechanism=SCRAM-SHA-256",
        ] {
            let opened = ferretdb.server.python.open(&format!("{url}{mechanism}"));
            assert!(opened.is_err(), "{password} {mechanism}");
        }
    }
    // Nor does a binding's password open more than its own user, and none by the older mechanism.
    let url = crate::fixture::value(&ferretdb.variables(&spec, &binding), "MONGODB_URI");
    let older = ferretdb
        .server
        .python
        .open(&format!("{url}&authMechanism=SCRAM-SHA-1"));
    assert!(older.is_err(), "there is no verifier of SHA-1");
    let elsewhere = url.replace(&format!("authSource={name}"), "authSource=admin");
    assert!(ferretdb.server.python.open(&elsewhere).is_err());
}

/// Why it is never shared. This is how FerretDB 1.24 is, not how it should be: when it fails, look again at what
/// `MongodbDriver` says of it.
#[tokio::test]
async fn an_application_may_do_everything_to_its_own_server() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let tenant = ferretdb.tenant(&spec, &binding);
    write(&tenant, "another", "key", "value").expect("any database");
    let seen = tenant.run("admin", &json!(["find", "system.users"]));
    let seen = seen.expect("the users").to_string();
    assert!(seen.contains("storedKey"), "{seen}");
    tenant
        .run("admin", &json!(["dropUser", "windlass"]))
        .expect("the administrator");
    let checked = ferretdb.driver.check(&ferretdb.access, spec.instance).await;
    let error = checked.expect_err("we are locked out");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}

/// The same: there is no command that ends another's session.
#[tokio::test]
async fn a_revoked_session_works_on_until_the_server_is_started_again() {
    let mut ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let name = database(&spec);
    let tenant = ferretdb.tenant(&spec, &binding);
    let unbound = ferretdb.driver.unbind(&ferretdb.access, spec.instance, 1);
    unbound.await.expect("unbind");
    assert!(
        ferretdb.try_tenant(&spec, &binding).is_err(),
        "no new session"
    );
    write(&tenant, &name, "key", "value").expect("the open one works on");
    ferretdb.server.restart().await;
    ferretdb.access = ferretdb.server.superuser.clone();
    write(&tenant, &name, "key", "value").expect_err("its session is over");
    assert!(ferretdb.try_tenant(&spec, &binding).is_err());
}

#[tokio::test]
async fn what_it_made_elsewhere_goes_with_the_instance() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let tenant = ferretdb.tenant(&spec, &binding);
    for place in ["another", "admin", "local"] {
        write(&tenant, place, "key", "value").expect("any database");
        let create = json!(["createUser", "mine", { "pwd": "mine", "roles": [] }]);
        tenant.run(place, &create).expect("any user");
    }
    let destroyed = ferretdb.driver.destroy(&ferretdb.access, spec.instance);
    destroyed.await.expect("destroy");
    let run = |command: Value| ferretdb.server.run("admin", &command);
    let users = run(json!(["usersInfo", { "forAllDBs": true }]));
    let users: Vec<&str> = names(&users["users"], "user");
    assert_eq!(users, ["windlass"]);
    let databases = run(json!(["listDatabases", 1]));
    assert_eq!(names(&databases["databases"], "name"), ["admin"]);
    let collections = run(json!(["listCollections", 1]));
    let collections = &collections["cursor"]["firstBatch"];
    assert_eq!(names(collections, "name"), ["system.users"]);
}

fn names<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .filter_map(|found| found[field].as_str())
        .collect()
}
