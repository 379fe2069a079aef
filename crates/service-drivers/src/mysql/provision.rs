//! Making an instance.

use windlass_services::{Error, InstanceSpec};

use super::catalogue::{conflict, find, has_database};
use super::check::broken;
use super::failure::code;
use super::ledger;
use super::limits::{CREATE, USERS};
use super::names::database;
use super::session::{Cluster, Session};
use super::sql::identifier;

pub(super) async fn provision(cluster: Cluster<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let access = cluster.access;
    let name = database(spec.instance);
    session.lock(&name).await?;
    let found = find(&mut session, spec.instance).await?;
    let row = found.own(access, spec.instance)?;
    if let Some(row) = row
        && row.connection_limit != u64::from(spec.connection_limit)
    {
        let reason = format!(
            "it was made with {} connections, not {}",
            row.connection_limit, spec.connection_limit
        );
        return Err(conflict(access, &format!("database '{name}'"), &reason));
    }
    let is_new = row.is_none();
    ledger::note_instance(&mut session, spec).await?;
    if !found.has_database {
        make_database(&mut session, spec, is_new).await?;
    } else if let Some(comment) = cluster.dialect.database_comment(&spec.comment) {
        let sql = format!("ALTER DATABASE {} {comment}", identifier(&name));
        session.run(USERS, sql).await?;
    }
    if has_database(&mut session, &name).await? {
        return Ok(());
    }
    let reason = format!("database '{name}' was dropped while it was made");
    Err(broken(access, reason))
}

/// Makes the database. If the row is new and there is a database all the same, somebody else has just made
/// it.
async fn make_database(
    session: &mut Session<'_>,
    spec: &InstanceSpec,
    is_new: bool,
) -> Result<(), Error> {
    let name = database(spec.instance);
    let comment = session.dialect.database_comment(&spec.comment);
    let sql = format!(
        "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci {}",
        identifier(&name),
        comment.unwrap_or_default()
    );
    match session.run_raw(CREATE, sql).await {
        Ok(()) => Ok(()),
        Err(failure) if failure.is(code::DATABASE_EXISTS) && is_new => {
            ledger::forget_instance(session, &name).await?;
            let what = format!("database '{name}'");
            Err(conflict(
                session.access,
                &what,
                "somebody made it a moment ago",
            ))
        }
        Err(failure) => Err(failure.of_statement(session.access)),
    }
}
