//! Dumps that want more than a database.

use secrecy::ExposeSecret;
use windlass_services::Error;
use windlass_services::conformance::Fixture;

use super::operation;
use crate::fixture::{Postgres, name};
use crate::server::shared;

#[tokio::test]
async fn hostile_dumps_reach_nothing_but_the_fresh_database() {
    let server = shared().await;
    // A superuser is the administrator who would give most away.
    let fixture = Postgres::new(server, server.superuser.clone());
    let (theirs, other) = fixture.made().await;
    let (mine, binding) = fixture.made().await;
    for (spec, binding) in [(&theirs, &other), (&mine, &binding)] {
        let tenant = fixture.tenant(spec, binding).await;
        let sql = "CREATE TABLE kept (a text); INSERT INTO kept VALUES ('live')";
        tenant
            .batch_execute(sql)
            .await
            .expect("a tenant may do this");
    }
    let before = [
        fixture.traces(theirs.instance).await,
        fixture.traces(mine.instance).await,
    ];
    let roles = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname NOT LIKE 'padmin%' AND rolname NOT LIKE 'svc%'";
    let roles_before = server.text(roles).await;
    let (them, me) = (name(&theirs), name(&mine));
    let scripts = [
        "COPY (SELECT 1) TO PROGRAM 'touch /tmp/hostile'".to_owned(),
        "CREATE TABLE t (a text); COPY t FROM PROGRAM 'id'".to_owned(),
        "CREATE TABLE t (a text); COPY t FROM '/etc/passwd'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        "SELECT pg_ls_dir('.')".to_owned(),
        "CREATE ROLE hostile SUPERUSER LOGIN".to_owned(),
        "ALTER ROLE CURRENT_USER SUPERUSER".to_owned(),
        "ALTER ROLE CURRENT_USER CREATEDB".to_owned(),
        "SET ROLE postgres".to_owned(),
        "SET SESSION AUTHORIZATION postgres".to_owned(),
        "CREATE DATABASE hostile".to_owned(),
        "CREATE EXTENSION file_fdw".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
        "ALTER SYSTEM SET log_statement = 'none'".to_owned(),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND backend_type = 'client backend'; SELECT pg_read_file('/etc/passwd')".to_owned(),
        format!("DROP DATABASE {them}"),
        format!("DROP DATABASE {me}"),
        format!("SET ROLE {them}"),
        format!("SET ROLE {me}"),
        format!("GRANT {them} TO CURRENT_USER"),
        format!("ALTER ROLE {them}_1 PASSWORD 'x'"),
        format!("ALTER DATABASE {me} SET search_path = x"),
        format!("\\connect {them}\nDROP TABLE kept"),
        format!("\\connect {me}\nDROP TABLE kept"),
        "\\connect postgres\nCREATE TABLE hostile (a int)".to_owned(),
        "\\! touch /hostile\n\\i /nothing/there".to_owned(),
    ];
    for script in scripts {
        let text = format!("{script};\n");
        let result = fixture.restore(&mine, operation(), text.as_bytes()).await;
        assert!(
            matches!(result, Err(Error::Refused { .. })),
            "{script}: {result:?}"
        );
        let after = [
            fixture.traces(theirs.instance).await,
            fixture.traces(mine.instance).await,
        ];
        assert_eq!(after, before, "{script}");
    }
    assert_eq!(server.text(roles).await, roles_before);
    for path in ["/tmp/hostile", "/hostile"] {
        assert!(server.exec(&["test", "!", "-e", path]).is_ok(), "{path}");
    }
    for (spec, binding) in [(&theirs, &other), (&mine, &binding)] {
        let tenant = fixture.tenant(spec, binding).await;
        let row = tenant.query_one("SELECT a FROM kept", &[]).await;
        assert_eq!(row.expect("the table").get::<_, String>(0), "live");
    }
    fixture.destroy(&mine).await;
    fixture.destroy(&theirs).await;
}

#[tokio::test]
async fn programs_that_a_dump_runs_find_no_secret_but_their_own_which_is_over() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (mine, binding) = fixture.made().await;
    let secret = fixture.access.password.expose_secret();
    let look = format!(
        "\\! if env | grep -qF -e {secret} -e {}; then echo 'error: found' >&2; fi\n\\! echo \"error: own $PGPASSWORD\" >&2\nSELECT broken;\n",
        binding.password.expose_secret()
    );
    let result = fixture.restore(&mine, operation(), look.as_bytes()).await;
    let reason = super::refusal(result, "a dump that looks around");
    assert_eq!(reason, "error: own ...", "its own is not shown either");
    let sockets = "\\! ls /var/run/docker.sock && echo 'error: found' >&2\nSELECT broken;\n";
    let result = fixture
        .restore(&mine, operation(), sockets.as_bytes())
        .await;
    let reason = super::refusal(result, "a dump that looks around");
    assert!(!reason.contains("found"), "{reason}");
    fixture.destroy(&mine).await;
}

#[tokio::test]
async fn foreign_objects_of_the_names_that_a_restore_takes_are_left_alone() {
    let server = shared().await;
    let fixture = Postgres::new(server, server.superuser.clone());
    let (spec, _) = fixture.made().await;
    let (bytes, _) = fixture.back_up(&spec).await;
    let me = name(&spec);
    for (make, remove) in [
        (
            format!("CREATE ROLE {me}_restore"),
            format!("DROP ROLE {me}_restore"),
        ),
        (
            format!("CREATE DATABASE {me}_fresh"),
            format!("DROP DATABASE {me}_fresh"),
        ),
        (
            format!("CREATE DATABASE {me}_restore"),
            format!("DROP DATABASE {me}_restore"),
        ),
    ] {
        server.run(&make).await;
        let result = fixture.restore(&spec, operation(), &bytes).await;
        assert!(
            matches!(result, Err(Error::Conflict { .. })),
            "{make}: {result:?}"
        );
        // Still there.
        server.run(&remove).await;
    }
    fixture.replace(&spec, &bytes).await;
    fixture.destroy(&spec).await;
}
