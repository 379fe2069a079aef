//! Looking at instances.

use tokio_postgres::types::Type;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, Usage};

use super::catalogue::find;
use super::failure::unexpected;
use super::limits::{LOOK, ROLES, SIZE};
use super::names::group;
use super::session::Session;
use super::sql::identifier;

/// Connects to the instance's database and acts as its users do. A database without a free connection is
/// reported as full, as its users find it.
pub(super) async fn check(access: &Access, instance: InstanceId) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let found = find(&session, instance).await?;
    let (_, database) = found.whole(access, instance)?;
    let name = group(instance);
    database.usable(access, &name)?;
    // Our first connection is not needed any more, and a server may be short of them.
    drop(session);
    let inside = Session::open_in(access, &name)
        .await
        .map_err(|failure| failure.of_connection(access, &name))?;
    inside
        .run(ROLES, &format!("SET ROLE {}", identifier(&name)))
        .await?;
    let sql = "SELECT current_setting('transaction_read_only')::bool";
    let rows = inside.rows(LOOK, sql, &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let is_read_only: bool = row
        .try_get(0)
        .map_err(|error| unexpected(access, LOOK, &error))?;
    if is_read_only {
        return Err(broken(access, format!("database '{name}' is read-only")));
    }
    Ok(())
}

pub(super) fn broken(access: &Access, reason: String) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: "checking the instance".to_owned(),
        reason,
    }
}

pub(super) async fn usage(access: &Access, instance: InstanceId) -> Result<Usage, Error> {
    let session = Session::open(access).await?;
    let found = find(&session, instance).await?;
    found.whole(access, instance)?;
    let logins: Vec<u32> = found.own_logins(instance).map(|role| role.oid).collect();
    let name = group(instance);
    let sql = "SELECT pg_database_size($1::name),
                      (SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usesysid = ANY($2))";
    let rows = session
        .rows(
            SIZE,
            sql,
            &[(&name, Type::TEXT), (&logins, Type::OID_ARRAY)],
        )
        .await?;
    let missing = || Error::Missing {
        cluster: access.description.clone(),
        what: format!("database '{name}'"),
    };
    let row = rows.first().ok_or_else(missing)?;
    let read = || Ok((row.try_get(0)?, row.try_get(1)?));
    let (bytes, connections): (i64, i64) =
        read().map_err(|error| unexpected(access, SIZE, &error))?;
    Ok(Usage {
        bytes: u64::try_from(bytes).unwrap_or_default(),
        connections: u32::try_from(connections).unwrap_or(u32::MAX),
    })
}

/// Every short id of which a role of ours is there, whole or not.
pub(super) async fn list(access: &Access) -> Result<Vec<String>, Error> {
    let session = Session::open(access).await?;
    let sql = "SELECT DISTINCT substr(rolname, 5, 16) FROM pg_roles
                WHERE rolname ~ '^svc_[a-z2-7]{16}(_[0-9]+)?$'
                  AND shobj_description(oid, 'pg_authid') ~ '^windlass (instance|binding of) '
                ORDER BY 1";
    let rows = session.rows(LOOK, sql, &[]).await?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    names.map_err(|error| unexpected(access, LOOK, &error))
}
