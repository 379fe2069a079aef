//! The forms in which dumps come.

use windlass_services::Error;

use super::{operation, refusal};
use crate::fixture::{Postgres, name};
use crate::server::shared;

/// As `pg_dump` of version 10 wrote it: comments on what only a superuser may comment on.
const OLD: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 10.3\n\
    -- Dumped by pg_dump version 10.3\n\nSET client_encoding = 'UTF8';\n\
    SELECT pg_catalog.set_config('search_path', '', false);\n\
    COMMENT ON SCHEMA public IS 'standard public schema';\n\
    CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n\
    COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';\n\
    CREATE TABLE public.t (a text);\n\
    COPY public.t (a) FROM stdin;\nCOMMENT ON EXTENSION plpgsql IS 'data';\n\\\\restrict data\n\\.\n\n\
    --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n";

async fn texts(
    fixture: &Postgres,
    spec: &windlass_services::InstanceSpec,
    sql: &str,
) -> Vec<String> {
    let client = fixture.server.connect(&name(spec)).await;
    let rows = client.query(sql, &[]).await.expect("a query");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn plain_sql_is_restored_by_owners_of_the_instance() {
    let server = shared().await;
    for access in [server.superuser.clone(), server.least_privileged().await] {
        let fixture = Postgres::new(server, access);
        let (spec, binding) = fixture.made().await;
        fixture.replace(&spec, OLD.as_bytes()).await;
        let found = texts(&fixture, &spec, "SELECT a FROM public.t ORDER BY a").await;
        assert_eq!(
            found,
            ["COMMENT ON EXTENSION plpgsql IS 'data';", "\\restrict data"],
            "data is left as it is"
        );
        let owner = "SELECT tableowner::text FROM pg_tables WHERE tablename = 't'";
        assert_eq!(texts(&fixture, &spec, owner).await, [name(&spec)]);
        let tenant = fixture.tenant(&spec, &binding).await;
        tenant
            .batch_execute("ALTER TABLE public.t ADD b int; DROP TABLE public.t")
            .await
            .expect("it is the instance's");
        drop(tenant);
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn what_pg_dump_wrote_as_sql_comes_in_and_cut_it_does_not() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding).await;
    let sql = "CREATE EXTENSION hstore; CREATE TABLE t (id serial PRIMARY KEY, a text, h hstore);
               COMMENT ON EXTENSION hstore IS 'ours';
               INSERT INTO t (a, h) SELECT 'row ' || n, 'k=>v' FROM generate_series(1, 1000) n";
    tenant
        .batch_execute(sql)
        .await
        .expect("a tenant may do this");
    drop(tenant);
    let dump = ["pg_dump", "-U", "postgres", "--no-owner", "--no-privileges"];
    let name = name(&spec);
    let dumped = server.exec(&[&dump[..], &[&name]].concat());
    let dumped = dumped.expect("pg_dump by hand");
    fixture.replace(&spec, dumped.as_bytes()).await;
    let sum = texts(&fixture, &spec, "SELECT count(h)::text FROM public.t").await;
    assert_eq!(sum, ["1000"]);
    let copied = dumped.find("row 500").expect("data");
    let whole = dumped
        .find("-- PostgreSQL database dump complete")
        .expect("its end");
    for length in [copied, whole - 200, whole] {
        let cut = fixture
            .restore(&spec, operation(), &dumped.as_bytes()[..length])
            .await;
        refusal(cut, "a dump that is cut off");
    }
    for early in [
        "\\q\n",
        "CREATE TABLE x (a int);\n\\q\n",
        "SELECT 'open",
        "$$open",
        "\\if false\n",
    ] {
        let text = format!("CREATE TABLE y (a int);\n{early}");
        let ended = fixture.restore(&spec, operation(), text.as_bytes()).await;
        refusal(ended, early);
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn archives_of_other_programs_and_versions_are_told_apart() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, _) = fixture.made().await;
    let (bytes, done) = fixture.back_up(&spec).await;
    assert!(bytes.starts_with(b"PGDMP"));
    assert!(
        done.server_version
            .starts_with(|c: char| c.is_ascii_digit())
    );
    let mut newer = bytes.clone();
    let version = done.server_version.as_bytes();
    let at = newer
        .windows(version.len())
        .position(|found| found == version);
    let at = at.expect("the server's version is in the header");
    newer[at..at + 2].copy_from_slice(b"99");
    let reason = refusal(fixture.restore(&spec, operation(), &newer).await, "newer");
    assert!(reason.contains("PostgreSQL 99"), "{reason}");
    let newer = "-- Dumped from database version 99.1\nSELECT 1;";
    let reason = refusal(
        fixture.restore(&spec, operation(), newer.as_bytes()).await,
        "newer",
    );
    assert!(reason.contains("PostgreSQL 99"), "{reason}");
    for none in [b"\x1f\x8b\x08\x00zipped".as_slice(), b"PK\x03\x04\x00"] {
        refusal(fixture.restore(&spec, operation(), none).await, "no dump");
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn without_an_image_it_is_said_which_are_needed() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, _) = fixture.made().await;
    let mut bytes = Vec::new();
    let tools = windlass_services::conformance::NoTools;
    let done = fixture
        .data()
        .back_up(&fixture.access, &spec, &tools, &mut bytes);
    let error = done.await.expect_err("there is no program");
    let is_unsupported = matches!(error, Error::Unsupported { .. });
    assert!(
        is_unsupported && error.to_string().contains("postgres:"),
        "{error}"
    );
    fixture.destroy(&spec).await;
}
