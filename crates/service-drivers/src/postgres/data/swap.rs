//! Putting a fresh database in the place of the live one.

use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use windlass_model::id::OperationId;
use windlass_services::{Access, Error, InstanceSpec};

use super::super::catalogue::{Found, conflict, find};
use super::super::failure::unexpected;
use super::super::limits::{LOOK, LOOK_AGAIN, ROLES};
use super::super::names::{InstanceMark, group};
use super::super::provision::open_database;
use super::super::session::Session;
use super::super::sessions::ask_to_end;
use super::super::sql::{identifier, literal};
use super::leftovers::{clear_restores, drop_own, own};
use super::limits::{CLOSED, RENAME};
use super::names::{fresh, fresh_mark, old};
use super::settings;

pub(super) async fn swap(
    access: &Access,
    spec: &InstanceSpec,
    operation: OperationId,
) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let live = group(spec.instance);
    session.lock(&live).await?;
    let found = find(&session, spec.instance).await?;
    found.whole(access, spec.instance)?;
    let name = fresh(spec.instance);
    if is_filled(&session, &found, &name, operation).await? {
        // Of an earlier swap that did not come to its end.
        drop_old(&session, &found, spec).await?;
        settings::copy(&session, &live, &name).await?;
        let closed = close_and_rename(&session, spec, operation).await;
        if let Err(error) = closed {
            if let Err(left) = open_database(&session, spec).await {
                tracing::warn!(cluster = %access.description, database = live, error = %left, "a database could not be opened again after a swap that failed");
            }
            return Err(error);
        }
    } else if restored_last(&found) != Some(&operation.to_string()) {
        return Err(Error::Missing {
            cluster: access.description.clone(),
            what: format!("what operation {operation} restored for database '{live}'"),
        });
    }
    drop_old(&session, &found, spec).await
}

pub(super) async fn discard(access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let live = group(spec.instance);
    session.lock(&live).await?;
    let found = find(&session, spec.instance).await?;
    if found.own_group(access, spec.instance)?.is_none() {
        return Ok(());
    }
    clear_restores(&session, &found, spec.instance).await?;
    match found.own_database(access, spec.instance)? {
        Some(database) if !database.accepts_connections && !database.is_half_dropped() => {
            open_database(&session, spec).await
        }
        _ => Ok(()),
    }
}

fn restored_last(found: &Found) -> Option<&String> {
    let (_, mark) = found.group.as_ref()?;
    mark.as_ref()?.restored.as_ref()
}

/// Whether the operation has filled that database to its end.
async fn is_filled(
    session: &Session<'_>,
    found: &Found,
    name: &str,
    operation: OperationId,
) -> Result<bool, Error> {
    let owners: Vec<u32> = found.group.iter().map(|(role, _)| role.oid).collect();
    if own(session, name, &owners).await?.is_none() {
        return Ok(false);
    }
    let sql = "SELECT coalesce(shobj_description(oid, 'pg_database'), '')
                 FROM pg_database WHERE datname = $1";
    let rows = session.rows(LOOK, sql, &[(&name, Type::TEXT)]).await?;
    let mark: String = match rows.first().map(|row| row.try_get(0)) {
        Some(read) => read.map_err(|error| unexpected(session.access, LOOK, &error))?,
        None => return Ok(false),
    };
    Ok(mark == fresh_mark(operation))
}

async fn drop_old(session: &Session<'_>, found: &Found, spec: &InstanceSpec) -> Result<(), Error> {
    let name = old(spec.instance);
    let owners: Vec<u32> = found.group.iter().map(|(role, _)| role.oid).collect();
    match own(session, &name, &owners).await? {
        Some(database) => drop_own(session, &name, &database).await,
        None => Ok(()),
    }
}

/// Closes the live database, ends the sessions in it, and renames both in one transaction, which opens the new one too.
async fn close_and_rename(
    session: &Session<'_>,
    spec: &InstanceSpec,
    operation: OperationId,
) -> Result<(), Error> {
    let name = group(spec.instance);
    let live = identifier(&name);
    let close = format!("ALTER DATABASE {live} WITH ALLOW_CONNECTIONS false");
    session.run(ROLES, &close).await?;
    let mark = InstanceMark {
        instance: spec.instance.to_string(),
        connection_limit: spec.connection_limit,
        restored: Some(operation.to_string()),
    };
    let sql = format!(
        "ALTER DATABASE {live} RENAME TO {};
         ALTER DATABASE {} RENAME TO {live};
         {};
         COMMENT ON ROLE {live} IS {}",
        identifier(&old(spec.instance)),
        identifier(&fresh(spec.instance)),
        super::super::provision::opening(spec),
        literal(&mark.text(&spec.comment)),
    );
    let deadline = Instant::now() + CLOSED;
    loop {
        ask_to_end(session, &name).await?;
        let Err(failure) = session.run_raw(RENAME, &sql).await else {
            return Ok(());
        };
        let is_in_use = failure.is(&SqlState::OBJECT_IN_USE);
        let is_taken = failure.is(&SqlState::DUPLICATE_DATABASE);
        if is_in_use && Instant::now() < deadline {
            sleep(LOOK_AGAIN).await;
            continue;
        }
        return Err(match failure.of_statement(session.access) {
            Error::Failed {
                cluster,
                doing,
                reason,
            } if is_in_use => {
                let reason = format!(
                    "{reason}. Somebody whose session only a superuser can end, such as a monitoring program, is \
                     connected to database '{name}': end the session and try again"
                );
                Error::Failed {
                    cluster,
                    doing,
                    reason,
                }
            }
            Error::Failed { reason, .. } if is_taken => {
                let what = format!("database '{}'", old(spec.instance));
                conflict(session.access, &what, &reason)
            }
            other => other,
        });
    }
}
