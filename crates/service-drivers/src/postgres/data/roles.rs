//! Roles that exist for one call.

use secrecy::SecretString;
use tokio_postgres::types::Type;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::super::catalogue::{Administrator, Role, conflict};
use super::super::failure::unexpected;
use super::super::limits::LOOK;
use super::super::owned::{Heir, drop_role};
use super::super::provision::membership;
use super::super::session::Session;
use super::super::sessions::end_of_roles;
use super::super::sql::{identifier, literal, verifier};
use super::limits::ROLES;
use super::names::role_mark;

/// The role of that name if it is there; a conflict if it is not one of ours.
pub(super) async fn find(
    session: &Session<'_>,
    instance: InstanceId,
    name: &str,
) -> Result<Option<Role>, Error> {
    let sql = "SELECT oid, rolname, coalesce(shobj_description(oid, 'pg_authid'), '')
                 FROM pg_roles WHERE rolname = $1";
    let rows = session.rows(LOOK, sql, &[(&name, Type::TEXT)]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let read = || {
        Ok(Role {
            oid: row.try_get(0)?,
            name: row.try_get(1)?,
            comment: row.try_get(2)?,
        })
    };
    let role = read().map_err(|error| unexpected(session.access, LOOK, &error))?;
    if role.comment == role_mark(instance) {
        return Ok(Some(role));
    }
    Err(foreign(session.access, name))
}

fn foreign(access: &Access, name: &str) -> Error {
    let reason = "its comment does not bear our mark";
    conflict(access, &format!("role '{name}'"), reason)
}

/// Makes a role that can log in with that password, and statements more about it: all or nothing.
pub(super) async fn make(
    session: &Session<'_>,
    administrator: &Administrator,
    (instance, name): (InstanceId, &str),
    password: &SecretString,
    more: &str,
) -> Result<(), Error> {
    let role = identifier(name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN PASSWORD {}; COMMENT ON ROLE {role} IS {}; {}; {more}",
        verifier(password),
        literal(&role_mark(instance)),
        membership(administrator, &role),
    );
    session.run(ROLES, &sql).await
}

/// Locks the role out, ends its sessions, and drops it; what it owns becomes the heir's.
pub(super) async fn remove(
    session: &Session<'_>,
    administrator: &Administrator,
    role: &Role,
    heir: Heir<'_>,
) -> Result<(), Error> {
    let sql = format!(
        "ALTER ROLE {} NOLOGIN PASSWORD NULL",
        identifier(&role.name)
    );
    session.run(ROLES, &sql).await?;
    end_of_roles(session, &[role.oid]).await?;
    drop_role(session, administrator, role, heir).await?;
    end_of_roles(session, &[role.oid]).await
}
