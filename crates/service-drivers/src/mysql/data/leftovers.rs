//! What calls about data leave when they do not come to their end.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::super::catalogue::{Found, conflict, has_database};
use super::super::ledger;
use super::super::limits::{DROP, USERS};
use super::super::names::database;
use super::super::session::Session;
use super::super::sessions::end;
use super::super::sql::{identifier, user};
use super::super::unbind::close;
use super::names::{dumper, fresh, old};
use super::record::{self, State};

/// Removes whatever is left of copies, those at work included: the instance is going.
pub(in super::super) async fn clear(
    session: &mut Session<'_>,
    found: &Found,
    instance: InstanceId,
) -> Result<(), Error> {
    // A cluster that was prepared by an earlier version has no rows of such.
    ledger::make(session).await?;
    remove_copier(session, found, instance, &dumper(instance)).await?;
    clear_restores(session, found, instance).await
}

/// Removes what restores have left, also one whose swap has begun: callers look at that.
pub(super) async fn clear_restores(
    session: &mut Session<'_>,
    found: &Found,
    instance: InstanceId,
) -> Result<(), Error> {
    let copiers = record::copiers(session, instance).await?;
    let dumper = dumper(instance);
    let fillers: Vec<_> = copiers.iter().filter(|name| **name != dumper).collect();
    // Known as ours by the row, which is written before and goes after them. Of a swap that is over none is left.
    let restore = record::restore(session, instance).await?;
    if restore.is_some_and(|restore| restore.state != State::Swapped) {
        for name in [fresh(instance), old(instance)] {
            drop_database(session, &name).await?;
        }
    }
    for name in fillers {
        remove_copier(session, found, instance, name).await?;
    }
    record::forget(session, instance).await
}

pub(super) async fn drop_database(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!("DROP DATABASE IF EXISTS {}", identifier(name));
    session.run(DROP, sql).await
}

/// Removes a user that a call has made, with its sessions. One that is no call's is a conflict.
pub(super) async fn remove_copier(
    session: &mut Session<'_>,
    found: &Found,
    instance: InstanceId,
    name: &str,
) -> Result<(), Error> {
    let is_ours = record::copiers(session, instance).await?;
    if !is_ours.iter().any(|ours| ours == name) {
        if found.has_login(name) {
            let what = format!("user '{name}'");
            let reason = "the records of what is ours do not know it";
            return Err(conflict(session.access, &what, reason));
        }
        return Ok(());
    }
    if found.has_login(name) {
        close(session, name).await?;
    }
    end(session, &[name]).await?;
    let sql = format!("DROP USER IF EXISTS {}", user(name));
    session.run(USERS, sql).await?;
    record::forget_copier(session, name).await
}

/// Refuses a database of a name that a restore takes, if it is not a restore's.
pub(super) async fn check_names(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<(), Error> {
    for name in [fresh(instance), old(instance)] {
        if has_database(session, &name).await? {
            let what = format!("database '{name}' beside '{}'", database(instance));
            let reason = "the records of what is ours do not know it";
            return Err(conflict(session.access, &what, reason));
        }
    }
    Ok(())
}
