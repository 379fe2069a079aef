//! What tenants can do in their databases must not stand in the way of revoking and destroying.

use windlass_services::Driver;

use crate::fixture::{Postgres, name, spec};
use crate::server::shared;

#[tokio::test]
async fn what_a_user_made_as_itself_outlives_its_binding() {
    let server = shared().await;
    for access in [server.superuser.clone(), server.least_privileged().await] {
        let fixture = Postgres::new(server, access);
        let (spec, binding) = fixture.made().await;
        let tenant = fixture.tenant(&spec, &binding).await;
        // The group must allow it: since version 15 only the database's owner may make things in `public`.
        let login = format!("{}_1", name(&spec));
        let sql = format!(
            "GRANT ALL ON SCHEMA public TO {login}; CREATE SCHEMA shared; GRANT ALL ON SCHEMA shared TO {login};
             RESET ROLE;
             CREATE TABLE public.own (n int); INSERT INTO public.own VALUES (7);
             CREATE SCHEMA mine; CREATE TABLE mine.own (n int);
             CREATE FUNCTION mine.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             CREATE TYPE mine.t AS ENUM ('a');
             ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;"
        );
        tenant
            .batch_execute(&sql)
            .await
            .expect("a tenant may do this");
        fixture
            .driver
            .unbind(&fixture.access, spec.instance, 1)
            .await
            .expect("unbind");
        let second = fixture.bound(&spec, 2).await;
        let tenant = fixture.tenant(&spec, &second).await;
        let row = tenant
            .query_one("SELECT n, mine.f() FROM public.own", &[])
            .await
            .expect("the data stays");
        assert_eq!((row.get::<_, i32>(0), row.get::<_, i32>(1)), (7, 1));
        tenant
            .batch_execute("DROP TABLE public.own; DROP SCHEMA mine CASCADE")
            .await
            .expect("and is the instance's");
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn unbind_finds_its_way_into_a_database_that_is_set_against_it() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let spec = windlass_services::InstanceSpec {
        connection_limit: 3,
        ..spec()
    };
    fixture
        .driver
        .provision(&fixture.access, &spec)
        .await
        .expect("provision");
    let (one, two) = (fixture.bound(&spec, 1).await, fixture.bound(&spec, 2).await);
    let name = name(&spec);
    let tenant = fixture.tenant(&spec, &one).await;
    let sql = format!(
        "GRANT ALL ON SCHEMA public TO {name}_1;
         CREATE FUNCTION public.has_database_privilege(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false';
         ALTER DATABASE {name} SET search_path = public, pg_catalog;
         ALTER DATABASE {name} SET role = {name};
         ALTER DATABASE {name} SET default_transaction_read_only = on;
         ALTER DATABASE {name} SET statement_timeout = 1;
         RESET ROLE; CREATE TABLE public.own (n int);"
    );
    tenant
        .batch_execute(&sql)
        .await
        .expect("a tenant may do this");
    // Every connection of the instance is taken, and not by the binding that is revoked.
    drop(tenant);
    let mut others = Vec::new();
    while others.len() < 3 {
        let config = crate::fixture::dsn(&fixture.variables(&spec, &two));
        if let Ok(client) = crate::server::connect(&config).await {
            others.push(client);
        }
    }
    fixture
        .driver
        .unbind(&fixture.access, spec.instance, 1)
        .await
        .expect("unbind");
    let limit = format!("SELECT datconnlimit::text FROM pg_database WHERE datname = '{name}'");
    assert_eq!(server.text(&limit).await, "3", "the limit is set back");
    let superuser = server.connect(&name).await;
    let sql = "SELECT tableowner::text FROM pg_catalog.pg_tables WHERE tablename = 'own'";
    let owner = superuser
        .query_one(sql, &[])
        .await
        .expect("the table is still there");
    assert_eq!(owner.get::<_, String>(0), name);
    drop(superuser);
    drop(others);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn destroy_copes_with_what_owners_set() {
    let server = shared().await;
    for access in [server.superuser.clone(), server.least_privileged().await] {
        let fixture = Postgres::new(server, access);
        let (spec, binding) = fixture.made().await;
        let name = name(&spec);
        let tenant = fixture.tenant(&spec, &binding).await;
        let sql = format!(
            "ALTER DATABASE {name} IS_TEMPLATE true; REVOKE ALL ON DATABASE {name} FROM {name};
             GRANT CONNECT ON DATABASE {name} TO PUBLIC; COMMENT ON DATABASE {name} IS 'not yours';
             BEGIN; CREATE TABLE held (n int); LOCK TABLE held"
        );
        for statement in sql.split(';') {
            tenant
                .batch_execute(statement)
                .await
                .expect("a tenant may do this");
        }
        fixture.destroy(&spec).await;
        assert!(
            tenant.batch_execute("SELECT 1").await.is_err(),
            "its sessions are over"
        );
    }
}

#[tokio::test]
async fn a_foreign_role_named_as_a_binding_is_left_alone() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let (spec, _) = fixture.made().await;
    let foreign = format!("{}_9", name(&spec));
    server.run(&format!("CREATE ROLE {foreign} LOGIN")).await;
    let unbound = fixture
        .driver
        .unbind(&fixture.access, spec.instance, 9)
        .await;
    assert!(
        matches!(unbound, Err(windlass_services::Error::Conflict { .. })),
        "{unbound:?}"
    );
    fixture
        .driver
        .destroy(&fixture.access, spec.instance)
        .await
        .expect("destroy");
    let left = windlass_services::conformance::Fixture::traces(&fixture, spec.instance).await;
    assert_eq!(left.len(), 1, "only the foreign role is left: {left:?}");
    assert!(
        left[0].contains(&format!("role {foreign} t")),
        "and can still log in: {left:?}"
    );
    server.run(&format!("DROP ROLE {foreign}")).await;
}
