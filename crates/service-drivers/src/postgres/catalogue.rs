//! What the server's catalogues say about an instance.

use tokio_postgres::types::Type;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::check::broken;
use super::failure::unexpected;
use super::limits::LOOK;
use super::names::{InstanceMark, binding_mark_of, group};
use super::session::Session;

/// Who we are.
#[derive(Debug, Clone)]
pub(super) struct Administrator {
    /// `server_version_num`: 150018 is 15.18.
    pub(super) version: i32,
    pub(super) is_superuser: bool,
    pub(super) can_create_databases: bool,
    pub(super) can_create_roles: bool,
    pub(super) can_signal: bool,
    pub(super) is_standby: bool,
}

/// A role.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) oid: u32,
    pub(super) name: String,
    pub(super) comment: String,
}

/// A database.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) owner: u32,
    pub(super) accepts_connections: bool,
    /// Whether its owner has the right to connect to it.
    pub(super) owner_may_connect: bool,
    /// Negative values: -1 is no limit, -2 is what an interrupted DROP leaves.
    pub(super) connection_limit: i32,
}

impl Database {
    /// Whether a DROP of it was begun; it can only be dropped again.
    pub(super) fn is_half_dropped(&self) -> bool {
        self.connection_limit == -2
    }

    /// Whether its users are let in.
    pub(super) fn usable(&self, access: &Access, name: &str) -> Result<(), Error> {
        if !self.accepts_connections {
            let reason = format!("database '{name}' does not accept connections");
            return Err(broken(access, reason));
        }
        if !self.owner_may_connect {
            let reason = format!("role '{name}' may not connect to its own database");
            return Err(broken(access, reason));
        }
        Ok(())
    }
}

/// What is there in the name of an instance.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) administrator: Administrator,
    /// The group role.
    pub(super) group: Option<(Role, Option<InstanceMark>)>,
    pub(super) database: Option<Database>,
    /// Every role named as a login role of the instance, ours or not.
    pub(super) logins: Vec<Role>,
}

/// Reads about the administrator.
pub(super) async fn administrator(session: &Session<'_>) -> Result<Administrator, Error> {
    let sql =
        "SELECT current_setting('server_version_num')::int4, rolsuper, rolcreatedb, rolcreaterole,
                      pg_has_role(oid, 'pg_signal_backend', 'USAGE'), pg_is_in_recovery()
                 FROM pg_roles WHERE rolname = current_user";
    let rows = session.rows(LOOK, sql, &[]).await?;
    let row = rows.first().ok_or_else(|| nobody(session.access))?;
    let read = || {
        Ok(Administrator {
            version: row.try_get(0)?,
            is_superuser: row.try_get(1)?,
            can_create_databases: row.try_get(2)?,
            can_create_roles: row.try_get(3)?,
            can_signal: row.try_get(4)?,
            is_standby: row.try_get(5)?,
        })
    };
    read().map_err(|error| unexpected(session.access, LOOK, &error))
}

/// Looks for an instance. The questions go out together and wait for the network once.
pub(super) async fn find(session: &Session<'_>, instance: InstanceId) -> Result<Found, Error> {
    let name = group(instance);
    let (administrator, roles, database) = tokio::try_join!(
        administrator(session),
        roles(session, &name),
        database(session, &name)
    )?;
    let (mut groups, logins): (Vec<_>, Vec<_>) =
        roles.into_iter().partition(|role| role.name == name);
    let group = groups.pop().map(|role| {
        let mark = InstanceMark::parse(&role.comment);
        (role, mark)
    });
    Ok(Found {
        administrator,
        group,
        database,
        logins,
    })
}

/// The group role of that name, and every role named as a login role of it.
async fn roles(session: &Session<'_>, group: &str) -> Result<Vec<Role>, Error> {
    // The underscore before the generation is a wildcard in LIKE; a regular expression has none.
    let sql = "SELECT oid, rolname, coalesce(shobj_description(oid, 'pg_authid'), '')
                 FROM pg_roles WHERE rolname = $1 OR rolname ~ ('^' || $1 || '_[0-9]+$') ORDER BY rolname";
    let rows = session.rows(LOOK, sql, &[(&group, Type::TEXT)]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Role {
            oid: row.try_get(0)?,
            name: row.try_get(1)?,
            comment: row.try_get(2)?,
        })
    };
    let roles: Result<Vec<Role>, tokio_postgres::Error> = rows.iter().map(read).collect();
    roles.map_err(|error| unexpected(session.access, LOOK, &error))
}

/// The database of that name.
pub(super) async fn database(session: &Session<'_>, name: &str) -> Result<Option<Database>, Error> {
    let sql =
        "SELECT datdba, datallowconn, datconnlimit, has_database_privilege(datdba, oid, 'CONNECT')
                 FROM pg_database WHERE datname = $1";
    let rows = session.rows(LOOK, sql, &[(&name, Type::TEXT)]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let read = || {
        Ok(Database {
            owner: row.try_get(0)?,
            accepts_connections: row.try_get(1)?,
            connection_limit: row.try_get(2)?,
            owner_may_connect: row.try_get(3)?,
        })
    };
    read()
        .map(Some)
        .map_err(|error| unexpected(session.access, LOOK, &error))
}

impl Found {
    /// The group role if it is this instance's; a conflict if it is anything else's.
    pub(super) fn own_group(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<Option<&Role>, Error> {
        match &self.group {
            None => Ok(None),
            Some((role, Some(mark))) if mark.is_of(instance) => Ok(Some(role)),
            Some((role, _)) => Err(conflict(
                access,
                &format!("role '{}'", role.name),
                "its comment does not bear our mark",
            )),
        }
    }

    /// The database if it is this instance's; a conflict if it is anybody else's.
    pub(super) fn own_database(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<Option<&Database>, Error> {
        let group = self.own_group(access, instance)?;
        match &self.database {
            None => Ok(None),
            Some(database) if group.is_some_and(|role| role.oid == database.owner) => {
                Ok(Some(database))
            }
            Some(_) => {
                let what = format!("database '{}'", super::names::group(instance));
                Err(conflict(
                    access,
                    &what,
                    "it does not belong to the instance's role",
                ))
            }
        }
    }

    /// Group role and database of an instance that is there as a whole.
    pub(super) fn whole(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<(&Role, &Database), Error> {
        let group = self.own_group(access, instance)?;
        let database = self
            .own_database(access, instance)?
            .filter(|database| !database.is_half_dropped());
        let missing = |what: &str| Error::Missing {
            cluster: access.description.clone(),
            what: format!("{what} '{}'", super::names::group(instance)),
        };
        Ok((
            group.ok_or_else(|| missing("role"))?,
            database.ok_or_else(|| missing("database"))?,
        ))
    }

    /// The login roles that bear this instance's mark.
    pub(super) fn own_logins(&self, instance: InstanceId) -> impl Iterator<Item = &Role> {
        let mark = binding_mark_of(instance);
        self.logins
            .iter()
            .filter(move |role| role.comment.starts_with(&mark))
    }
}

pub(super) fn conflict(access: &Access, what: &str, reason: &str) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}

fn nobody(access: &Access) -> Error {
    Error::Unauthorized {
        cluster: access.description.clone(),
        reason: format!(
            "the role '{}' was dropped while it was connected",
            access.user
        ),
    }
}
