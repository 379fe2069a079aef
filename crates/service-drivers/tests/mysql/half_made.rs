//! What a crash can leave on the server, statement by statement, and its repair.

use windlass_services::conformance::Fixture;
use windlass_services::{Driver, Error};

use crate::fixture::{Mysql, binding, name, spec};
use crate::server::{run, texts};

/// The statements of a stage, `{}` being the instance's database.
fn statements(stage: &str, name: &str) -> Vec<String> {
    stage
        .replace("{}", name)
        .split("; ")
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_half_made_instance_is_repaired_and_can_be_destroyed() {
    let fixture = Mysql::prepared().await;
    for stage in [
        // Its row alone.
        "DROP DATABASE {}",
        "ALTER DATABASE {} COMMENT 'not yours'",
    ] {
        for repaired in [true, false] {
            let spec = spec();
            fixture
                .driver
                .provision(&fixture.access, &spec)
                .await
                .expect("provision");
            let whole = fixture.traces(spec.instance).await;
            fixture.server.run(&statements(stage, &name(&spec))).await;
            if repaired {
                fixture
                    .driver
                    .provision(&fixture.access, &spec)
                    .await
                    .expect(stage);
                assert_eq!(fixture.traces(spec.instance).await, whole, "{stage}");
            }
            fixture.destroy(&spec).await;
        }
    }
}

#[tokio::test]
async fn a_database_that_its_tenant_dropped_is_missing_and_made_again() {
    let fixture = Mysql::prepared().await;
    let (spec, one) = fixture.made().await;
    let mut tenant = fixture.tenant(&spec, &one).await;
    run(&mut tenant, &format!("DROP DATABASE {}", name(&spec)))
        .await
        .expect("it is the tenant's own");
    let (driver, access) = (&fixture.driver, &fixture.access);
    let checked = driver.check(access, spec.instance).await;
    assert!(matches!(checked, Err(Error::Missing { .. })), "{checked:?}");
    let bound = driver.bind(access, &spec, &binding(2)).await;
    assert!(matches!(bound, Err(Error::Missing { .. })), "{bound:?}");
    driver.provision(access, &spec).await.expect("provision");
    let mut tenant = fixture.tenant(&spec, &one).await;
    run(&mut tenant, "CREATE TABLE t (n INT)")
        .await
        .expect("the binding has its rights in it");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_half_made_binding_is_repaired() {
    let fixture = Mysql::prepared().await;
    let (spec, binding) = fixture.made().await;
    let whole = fixture.traces(spec.instance).await;
    for stage in [
        // Its row alone.
        "DROP USER {}_1",
        "DROP USER {}_1; CREATE USER {}_1 ACCOUNT LOCK",
        "ALTER USER {}_1 ACCOUNT LOCK",
        "ALTER USER {}_1 IDENTIFIED BY 'other'",
        "ALTER USER {}_1 WITH MAX_USER_CONNECTIONS 0",
        "ALTER USER {}_1 REQUIRE SSL",
        "ALTER USER {}_1 PASSWORD EXPIRE",
        "REVOKE ALL PRIVILEGES, GRANT OPTION FROM {}_1",
        "UPDATE svc_windlass.bindings SET revoked = TRUE WHERE name = '{}_1'",
    ] {
        fixture.server.run(&statements(stage, &name(&spec))).await;
        fixture
            .driver
            .bind(&fixture.access, &spec, &binding)
            .await
            .expect(stage);
        assert_eq!(fixture.traces(spec.instance).await, whole, "{stage}");
        let mut tenant = fixture.tenant(&spec, &binding).await;
        let user = texts(&mut tenant, "SELECT CURRENT_USER()").await;
        assert_eq!(user.expect(stage), [format!("{}_1@%", name(&spec))]);
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_half_destroyed_instance_is_destroyed() {
    let fixture = Mysql::prepared().await;
    for stage in [
        "ALTER USER {}_1 ACCOUNT LOCK",
        "DROP DATABASE {}",
        "DROP USER {}_1",
        "DROP DATABASE {}; DROP USER {}_1",
        "DROP DATABASE {}; DROP USER {}_1; DELETE FROM svc_windlass.bindings WHERE name = '{}_1'",
        // Never left by us, but nothing is lost by coping with it.
        "DROP DATABASE {}; DELETE FROM svc_windlass.instances WHERE name = '{}'",
    ] {
        for unbound in [true, false] {
            let (spec, _) = fixture.made().await;
            fixture.server.run(&statements(stage, &name(&spec))).await;
            if unbound {
                fixture.unbind(&spec, 1).await;
            }
            fixture.destroy(&spec).await;
        }
    }
}
