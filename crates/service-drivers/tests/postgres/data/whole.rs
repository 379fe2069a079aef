//! All that a database can hold comes back, and belongs to whom it belonged.

use std::fmt::Write as _;

use windlass_services::InstanceSpec;
use windlass_services::conformance::Fixture;

use super::operation;
use crate::fixture::{Postgres, name, spec};
use crate::server::shared;

const OBJECTS: &str = "
    CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm;
    CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'of the application';
    CREATE TYPE app.mood AS ENUM ('good', 'bad');
    CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
    CREATE TABLE app.authors (id bigserial PRIMARY KEY, name text NOT NULL, mood app.mood, tags hstore);
    CREATE TABLE app.books (id int GENERATED ALWAYS AS IDENTITY, author bigint REFERENCES app.authors, price app.positive);
    CREATE INDEX books_by_price ON app.books (price) WHERE price > 10;
    CREATE FUNCTION app.count_books() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN RETURN (SELECT count(*) FROM app.books); END $$;
    CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE INSERT ON app.authors FOR EACH ROW EXECUTE FUNCTION app.touch();
    CREATE VIEW app.cheap AS SELECT * FROM app.books WHERE price < 5;
    CREATE MATERIALIZED VIEW app.counted AS SELECT app.count_books() AS n;
    ALTER TABLE app.books ENABLE ROW LEVEL SECURITY; ALTER TABLE app.books FORCE ROW LEVEL SECURITY;
    CREATE POLICY affordable ON app.books USING (price < 100);
    INSERT INTO app.authors (name, mood, tags) VALUES ('ada', 'good', 'k=>v'), (E'tab\\there', 'bad', NULL);
    INSERT INTO app.books (author, price) VALUES (1, 3), (2, 50);
    SELECT lo_from_bytea(4711, decode('00ff10', 'hex'));
    REFRESH MATERIALIZED VIEW app.counted";

/// What there is and whose it is.
async fn described(fixture: &Postgres, spec: &InstanceSpec) -> String {
    let client = fixture.server.connect(&name(spec)).await;
    let sql = "SELECT format('%s %s.%s of %s', relkind, nspname, relname, relowner::regrole) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
               UNION ALL SELECT format('function %s of %s', p.oid::regprocedure, proowner::regrole) FROM pg_proc p
                WHERE pronamespace = 'app'::regnamespace
               UNION ALL SELECT format('schema %s of %s', nspname, nspowner::regrole) FROM pg_namespace WHERE nspname = 'app'
               UNION ALL SELECT format('type %s of %s', typname, typowner::regrole) FROM pg_type WHERE typname IN ('mood', 'positive')
               UNION ALL SELECT format('extension %s', extname) FROM pg_extension
               UNION ALL SELECT format('large object %s of %s', oid, lomowner::regrole) FROM pg_largeobject_metadata
               UNION ALL SELECT format('author %s %s %s %s', id, name, mood, tags) FROM app.authors
               UNION ALL SELECT format('book %s %s %s', id, author, price) FROM app.books
               UNION ALL SELECT format('bytes %s', encode(lo_get(4711), 'hex'))
               UNION ALL SELECT format('policy %s', polname) FROM pg_policy
               UNION ALL SELECT format('next %s', last_value) FROM app.authors_id_seq
               ORDER BY 1";
    let rows = client.query(sql, &[]).await.expect("what there is");
    rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{}", row.get::<_, String>(0));
        text
    })
}

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding).await;
    tenant
        .batch_execute(OBJECTS)
        .await
        .expect("a tenant may do this");
    let name = name(&spec);
    // Made by a binding's user as itself, and settings for all sessions.
    let sql = format!(
        "GRANT ALL ON SCHEMA app TO {name}_1; RESET ROLE; CREATE TABLE app.own (n int); SET ROLE {name};
         ALTER DATABASE {name} SET search_path = app, public; ALTER DATABASE {name} SET timezone = 'Europe/Zurich';
         RESET ROLE; ALTER ROLE {name}_1 IN DATABASE {name} SET work_mem = '5MB'"
    );
    tenant
        .batch_execute(&sql)
        .await
        .expect("a tenant may do this");
    drop(tenant);
    let before = described(&fixture, &spec).await;
    let (bytes, _) = fixture.back_up(&spec).await;
    let tenant = fixture.tenant(&spec, &binding).await;
    tenant
        .batch_execute(
            "SET ROLE NONE; DROP TABLE app.own; INSERT INTO app.authors (name) VALUES ('late')",
        )
        .await
        .expect("a tenant may do this");
    drop(tenant);
    let traces = fixture.traces(spec.instance).await;
    fixture.replace(&spec, &bytes).await;
    assert_eq!(fixture.traces(spec.instance).await, traces);
    // What a binding's user owned by itself is the instance's now, as after a revocation.
    let own = |text: &str| text.replace(&format!("own of {name}_1"), &format!("own of {name}"));
    assert_eq!(described(&fixture, &spec).await, own(&before));
    let tenant = fixture.tenant(&spec, &binding).await;
    for (setting, value) in [
        ("search_path", "app, public"),
        ("timezone", "Europe/Zurich"),
        ("work_mem", "5MB"),
    ] {
        let row = tenant
            .query_one("SELECT current_setting($1)", &[&setting])
            .await;
        assert_eq!(
            row.expect("a setting").get::<_, String>(0),
            value,
            "{setting}"
        );
    }
    let sql = "INSERT INTO authors (name) VALUES ('new'); ALTER TABLE own ADD m int; DROP FUNCTION count_books CASCADE";
    tenant
        .batch_execute(sql)
        .await
        .expect("all of it is the instance's");
    drop(tenant);
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn taken_connections_and_locks_of_owners_are_no_obstacle() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.least_privileged().await);
    let few = InstanceSpec {
        connection_limit: 2,
        ..spec()
    };
    fixture.driver_provision(&few).await;
    let binding = fixture.bound(&few, 1).await;
    let (one, two) = (
        fixture.tenant(&few, &binding).await,
        fixture.tenant(&few, &binding).await,
    );
    let name = name(&few);
    let sql = format!(
        "CREATE TABLE t (a int); ALTER DATABASE {name} SET default_transaction_read_only = on;
         ALTER DATABASE {name} SET statement_timeout = 1; ALTER DATABASE {name} SET role = {name}"
    );
    one.batch_execute(&sql).await.expect("a tenant may do this");
    let traces = fixture.traces(few.instance).await;
    let (bytes, _) = fixture.back_up(&few).await;
    assert_eq!(
        fixture.traces(few.instance).await,
        traces,
        "the limit is set back"
    );
    let operation = operation();
    two.batch_execute("BEGIN")
        .await
        .expect("a transaction that stays open");
    fixture
        .restore(&few, operation, &bytes)
        .await
        .expect("a restore");
    fixture
        .data()
        .swap(&fixture.access, &few, operation)
        .await
        .expect("a swap");
    assert!(
        one.query("SELECT 1", &[]).await.is_err(),
        "its sessions are over"
    );
    fixture.destroy(&few).await;
}

impl Postgres {
    async fn driver_provision(&self, spec: &InstanceSpec) {
        use windlass_services::Driver;
        self.driver.prepare(&self.access).await.expect("prepare");
        self.driver
            .provision(&self.access, spec)
            .await
            .expect("provision");
    }
}
