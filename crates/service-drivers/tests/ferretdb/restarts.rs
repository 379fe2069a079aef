//! A server that is stopped and started again.

use serde_json::json;
use windlass_services::Driver;
use windlass_services::conformance::Fixture as _;

use crate::fixture::{Ferretdb, database, read, write};

async fn restart(ferretdb: &mut Ferretdb) {
    ferretdb.server.restart().await;
    ferretdb.access = ferretdb.server.superuser.clone();
}

#[tokio::test]
async fn users_and_data_outlive_a_restart() {
    let mut ferretdb = Ferretdb::start().await;
    let (spec, one) = ferretdb.made().await;
    let two = ferretdb.bound(&spec, 2).await;
    let name = database(&spec);
    let tenant = ferretdb.tenant(&spec, &one);
    write(&tenant, &name, "kept", "yes").expect("write");
    let unbound = ferretdb.driver.unbind(&ferretdb.access, spec.instance, 2);
    unbound.await.expect("unbind");
    restart(&mut ferretdb).await;

    let tenant = ferretdb.tenant(&spec, &one);
    let kept = read(&tenant, &name, "kept").expect("read");
    assert_eq!(kept.as_deref(), Some("yes"));
    assert!(
        ferretdb.try_tenant(&spec, &two).is_err(),
        "what was revoked stays so"
    );
    let (driver, access) = (&ferretdb.driver, &ferretdb.access);
    driver.prepare(access).await.expect("prepare");
    driver
        .provision(access, &spec)
        .await
        .expect("the instance is known");
    driver.check(access, spec.instance).await.expect("it works");
    driver
        .destroy(access, spec.instance)
        .await
        .expect("destroy");
    restart(&mut ferretdb).await;
    assert_eq!(ferretdb.traces(spec.instance).await, Vec::<String>::new());
}

#[tokio::test]
async fn who_drops_all_users_has_the_administrator_back_after_a_restart() {
    let mut ferretdb = Ferretdb::start().await;
    let (spec, binding) = ferretdb.made().await;
    let name = database(&spec);
    let tenant = ferretdb.tenant(&spec, &binding);
    write(&tenant, &name, "kept", "yes").expect("write");
    tenant
        .run("admin", &json!(["dropDatabase", 1]))
        .expect("it may");
    let (driver, access) = (&ferretdb.driver, &ferretdb.access);
    driver
        .check(access, spec.instance)
        .await
        .expect_err("nobody is known");
    restart(&mut ferretdb).await;
    ferretdb
        .driver
        .prepare(&ferretdb.access)
        .await
        .expect("prepare");
    // The data are there, and whose they are is not known any more.
    let provisioned = ferretdb.driver.provision(&ferretdb.access, &spec).await;
    provisioned.expect_err("a database without a mark");
    let kept = read(&ferretdb.server.administrator(), &name, "kept");
    assert_eq!(kept.expect("read").as_deref(), Some("yes"));
}
