//! What a crash can leave on the server, statement by statement, and its repair.

use windlass_services::{Driver, Error};

use crate::fixture::{Postgres, binding, name, spec};
use crate::server::shared;

#[tokio::test]
async fn every_half_made_instance_is_repaired_and_can_be_destroyed() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let stages = [
        "DROP DATABASE {}",
        "ALTER DATABASE {} ALLOW_CONNECTIONS false; GRANT CONNECT, TEMP ON DATABASE {} TO PUBLIC",
        "ALTER DATABASE {} CONNECTION LIMIT -1",
        "REVOKE ALL ON DATABASE {} FROM {}",
        // What an interrupted DROP DATABASE leaves from 15.4 on.
        "UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{}'",
    ];
    for stage in stages {
        for repaired in [true, false] {
            let spec = spec();
            fixture
                .driver
                .provision(&fixture.access, &spec)
                .await
                .expect("provision");
            let whole =
                windlass_services::conformance::Fixture::traces(&fixture, spec.instance).await;
            server.run(&stage.replace("{}", &name(&spec))).await;
            if repaired {
                fixture
                    .driver
                    .provision(&fixture.access, &spec)
                    .await
                    .expect(stage);
                fixture
                    .driver
                    .check(&fixture.access, spec.instance)
                    .await
                    .expect(stage);
                let again =
                    windlass_services::conformance::Fixture::traces(&fixture, spec.instance).await;
                assert_eq!(again, whole, "{stage}");
            }
            fixture.destroy(&spec).await;
        }
    }
}

#[tokio::test]
async fn a_half_dropped_database_is_missing() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, _) = fixture.made().await;
    server
        .run(&format!(
            "UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{}'",
            name(&spec)
        ))
        .await;
    let checked = fixture.driver.check(&fixture.access, spec.instance).await;
    assert!(matches!(checked, Err(Error::Missing { .. })), "{checked:?}");
    let bound = fixture
        .driver
        .bind(&fixture.access, &spec, &binding(2))
        .await;
    assert!(matches!(bound, Err(Error::Missing { .. })), "{bound:?}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_half_made_binding_is_repaired() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, binding) = fixture.made().await;
    let login = format!("{}_1", name(&spec));
    let stages = [
        format!("ALTER ROLE {login} NOLOGIN"),
        format!("ALTER ROLE {login} PASSWORD NULL"),
        format!("ALTER ROLE {login} RESET ALL"),
        format!("REVOKE {} FROM {login}", name(&spec)),
        format!("ALTER ROLE {login} VALID UNTIL '2000-01-01'"),
        format!("ALTER ROLE {login} CONNECTION LIMIT 0"),
    ];
    for stage in stages {
        server.run(&stage).await;
        fixture
            .driver
            .bind(&fixture.access, &spec, &binding)
            .await
            .expect(&stage);
        let row = fixture
            .tenant(&spec, &binding)
            .await
            .query_one("SELECT current_user::text", &[])
            .await;
        assert_eq!(
            row.expect(&stage).get::<_, String>(0),
            name(&spec),
            "{stage}"
        );
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_half_destroyed_instance_is_destroyed() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let stages = [
        "ALTER ROLE {}_1 NOLOGIN",
        "ALTER DATABASE {} ALLOW_CONNECTIONS false",
        "DROP DATABASE {}",
        "DROP DATABASE {}; DROP ROLE {}_1",
        // Never left by us, but nothing is lost by coping with it.
        "DROP DATABASE {}; DROP ROLE {}",
    ];
    for stage in stages {
        let (spec, _) = fixture.made().await;
        for statement in stage.replace("{}", &name(&spec)).split("; ") {
            server.run(statement).await;
        }
        fixture
            .driver
            .unbind(&fixture.access, spec.instance, 1)
            .await
            .expect(stage);
        fixture.destroy(&spec).await;
    }
}
