//! What a role owns or was granted, which is in the way of dropping it.
//!
//! Bindings act as the group role, so that there is usually nothing. A user that said RESET ROLE can have
//! made objects of its own, in any database that it may connect to.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use windlass_services::Error;

use super::catalogue::{Administrator, Role};
use super::failure::{Failure, unexpected};
use super::limits::{LOOK, OWNED, ROLES};
use super::provision::membership;
use super::session::{Session, home};
use super::sql::identifier;

/// What becomes of a role's objects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heir<'a> {
    /// Another role gets them.
    Role(&'a str),
    /// They are dropped.
    Nobody,
}

/// Drops a role that can no longer log in and has no session.
pub(super) async fn drop_role(
    session: &Session<'_>,
    administrator: &Administrator,
    role: &Role,
    heir: Heir<'_>,
) -> Result<(), Error> {
    let name = identifier(&role.name);
    for database in databases(session, role).await? {
        let heritage = match heir {
            Heir::Role(heir) => format!("REASSIGN OWNED BY {name} TO {};", identifier(heir)),
            Heir::Nobody => String::new(),
        };
        let membership = membership(administrator, &name);
        // One transaction: DROP OWNED, which takes back rights, must find no object left to drop.
        let sql = format!("{membership}; {heritage} DROP OWNED BY {name}");
        if database == home(session.access) {
            session.run(OWNED, &sql).await?;
        } else {
            visit(session, &database).await?.run(OWNED, &sql).await?;
        }
    }
    session
        .run(ROLES, &format!("DROP ROLE IF EXISTS {name}"))
        .await
}

/// The databases in which the role has anything. What is the whole server's counts as ours.
async fn databases(session: &Session<'_>, role: &Role) -> Result<Vec<String>, Error> {
    let home = home(session.access);
    let sql = "SELECT DISTINCT coalesce(datname, $2)
                 FROM pg_shdepend LEFT JOIN pg_database ON pg_database.oid = dbid
                WHERE refclassid = 'pg_authid'::regclass AND refobjid = $1
                  AND (dbid = 0 OR datname IS NOT NULL)
                  AND NOT (dbid = 0 AND classid = 'pg_auth_members'::regclass)";
    let rows = session
        .rows(LOOK, sql, &[(&role.oid, Type::OID), (&home, Type::TEXT)])
        .await?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    names.map_err(|error| unexpected(session.access, LOOK, &error))
}

/// Connects to a tenant's database. A tenant that has taken all the connections of it is no obstacle: the
/// limit makes room for us, and is set back once we are in.
async fn visit<'a>(session: &Session<'a>, database: &str) -> Result<Session<'a>, Error> {
    let access = session.access;
    let refused = |failure: Failure| failure.of_connection(access, database);
    match Session::open_in(access, database).await {
        Err(failure) if failure.is(&SqlState::TOO_MANY_CONNECTIONS) => {}
        other => return other.map_err(refused),
    }
    let sql = "SELECT datconnlimit FROM pg_database WHERE datname = $1";
    let rows = session.rows(LOOK, sql, &[(&database, Type::TEXT)]).await?;
    let limit: i32 = match rows.first().map(|row| row.try_get(0)) {
        Some(read) => read.map_err(|error| unexpected(access, LOOK, &error))?,
        None => -1,
    };
    let set = |limit: i32| {
        format!(
            "ALTER DATABASE {} CONNECTION LIMIT {limit}",
            identifier(database)
        )
    };
    session.run(ROLES, &set(limit.saturating_add(5))).await?;
    let opened = Session::open_in(access, database).await;
    session.run(ROLES, &set(limit)).await?;
    opened.map_err(refused)
}
