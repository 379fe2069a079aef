//! Counting and ending sessions.

use tokio::time::{Instant, sleep};
use tokio_postgres::types::Type;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::failure::unexpected;
use super::limits::{LOOK, LOOK_AGAIN, SESSIONS};
use super::names::login;
use super::session::Session;

/// How many sessions were opened as the binding's user, whatever they act as by now.
pub(super) async fn of_binding(
    access: &Access,
    instance: InstanceId,
    generation: u32,
) -> Result<u32, Error> {
    let session = Session::open(access).await?;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
    let name = login(instance, generation);
    let rows = session.rows(LOOK, sql, &[(&name, Type::TEXT)]).await?;
    let open: i64 = match rows.first().map(|row| row.try_get(0)) {
        Some(read) => read.map_err(|error| unexpected(access, LOOK, &error))?,
        None => 0,
    };
    Ok(u32::try_from(open).unwrap_or(u32::MAX))
}

/// Ends every session that was opened as one of these roles, whatever it acts as by now, and returns when
/// there is none.
pub(super) async fn end_of_roles(session: &Session<'_>, roles: &[u32]) -> Result<(), Error> {
    end(session, "usesysid = ANY($1)", (&roles, Type::OID_ARRAY)).await
}

/// Ends the sessions in a database whose role is gone: one that was logging in while its role was revoked
/// can come to light after the role was dropped.
pub(super) async fn end_of_vanished_roles(
    session: &Session<'_>,
    database: &str,
) -> Result<(), Error> {
    let whose = "datname = $1 AND usesysid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE oid = usesysid)";
    end(session, whose, (&database, Type::TEXT)).await
}

/// Asks every session in a database to end that we may end, and does not wait for it.
pub(super) async fn ask_to_end(session: &Session<'_>, database: &str) -> Result<(), Error> {
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity a
                WHERE datname = $1 AND backend_type = 'client backend' AND pid <> pg_backend_pid()
                  AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                       >= coalesce((SELECT rolsuper FROM pg_roles r WHERE r.oid = a.usesysid), false)";
    session
        .rows(SESSIONS, sql, &[(&database, Type::TEXT)])
        .await
        .map(drop)
}

async fn end(
    session: &Session<'_>,
    whose: &str,
    parameter: (&(dyn tokio_postgres::types::ToSql + Sync), Type),
) -> Result<(), Error> {
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {whose} AND pid <> pg_backend_pid()"
    );
    let deadline = Instant::now() + SESSIONS.within;
    loop {
        let rows = session
            .rows(SESSIONS, &sql, std::slice::from_ref(&parameter))
            .await?;
        let left: i64 = match rows.first().map(|row| row.try_get(0)) {
            Some(read) => read.map_err(|error| unexpected(session.access, SESSIONS, &error))?,
            None => 0,
        };
        if left == 0 {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed {
                cluster: session.access.description.clone(),
                doing: SESSIONS.doing.to_owned(),
                reason: format!("{left} did not end within {:?}", SESSIONS.within),
            });
        }
        sleep(LOOK_AGAIN).await;
    }
}
