//! What a crash or somebody's hand may leave.

use serde_json::json;
use windlass_model::id::short;
use windlass_services::conformance::Fixture as _;
use windlass_services::{Driver, Error};

use crate::fixture::{Ferretdb, database, read, write};

#[tokio::test]
async fn bindings_without_their_instance_are_destroyed() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let name = database(&spec);
    let tenant = ferretdb.tenant(&spec, &binding);
    write(&tenant, &name, "key", "value").expect("write");
    ferretdb.server.run(&name, &json!(["dropUser", &name]));
    let listed = ferretdb.driver.list(&ferretdb.access).await;
    let listed = listed.expect("list");
    assert_eq!(listed, [short(spec.instance)], "something of it is there");
    let checked = ferretdb.driver.check(&ferretdb.access, spec.instance).await;
    let error = checked.expect_err("the instance is not there");
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    let destroyed = ferretdb.driver.destroy(&ferretdb.access, spec.instance);
    destroyed.await.expect("destroy");
    assert_eq!(ferretdb.traces(spec.instance).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_that_its_application_dropped_comes_back_with_the_next_write() {
    let ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let name = database(&spec);
    let tenant = ferretdb.tenant(&spec, &binding);
    write(&tenant, &name, "key", "value").expect("write");
    tenant
        .run(&name, &json!(["dropDatabase", 1]))
        .expect("drop");
    let (driver, access) = (&ferretdb.driver, &ferretdb.access);
    driver.usage(access, spec.instance).await.expect("usage");
    driver.check(access, spec.instance).await.expect("check");
    write(&tenant, &name, "key", "again").expect("write");
    assert_eq!(
        read(&tenant, &name, "key").expect("read").as_deref(),
        Some("again")
    );
}

#[tokio::test]
async fn data_without_any_mark_are_not_ours_to_destroy() {
    let ferretdb = Ferretdb::start().await;
    let (spec, _) = ferretdb.made().await;
    let name = database(&spec);
    let command = json!(["dropAllUsersFromDatabase", 1]);
    ferretdb.server.run(&name, &command);
    let (driver, access) = (&ferretdb.driver, &ferretdb.access);
    for refused in [
        driver.destroy(access, spec.instance).await,
        driver.provision(access, &spec).await,
    ] {
        let error = refused.expect_err("it may be anybody's");
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    }
}
