//! What calls about data leave when they do not come to their end.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::super::catalogue::{Database, Found, conflict, database};
use super::super::destroy::drop_database;
use super::super::limits::ROLES;
use super::super::owned::Heir;
use super::super::session::Session;
use super::super::sql::identifier;
use super::names;
use super::roles;

/// Removes whatever is left of restores and swaps, and of dumps if they are to go too.
pub(in super::super) async fn clear(
    session: &Session<'_>,
    found: &Found,
    instance: InstanceId,
) -> Result<(), Error> {
    clear_restores(session, found, instance).await?;
    clear_role(session, found, instance, &names::dumper(instance)).await
}

/// The same, but for dumps: one may be at work.
pub(super) async fn clear_restores(
    session: &Session<'_>,
    found: &Found,
    instance: InstanceId,
) -> Result<(), Error> {
    let filling = names::filling(instance);
    // Looked at first: it says whose the database is that it fills.
    let filler = roles::find(session, instance, &filling).await?;
    let owners: Vec<u32> = filler
        .iter()
        .map(|role| role.oid)
        .chain(found.group.iter().map(|(role, _)| role.oid))
        .collect();
    for name in [
        filling.clone(),
        names::fresh(instance),
        names::old(instance),
    ] {
        if let Some(database) = own(session, &name, &owners).await? {
            drop_own(session, &name, &database).await?;
        }
    }
    match filler {
        Some(role) => roles::remove(session, &found.administrator, &role, Heir::Nobody).await,
        None => Ok(()),
    }
}

/// Removes a role that a call has left.
pub(super) async fn clear_role(
    session: &Session<'_>,
    found: &Found,
    instance: InstanceId,
    name: &str,
) -> Result<(), Error> {
    match roles::find(session, instance, name).await? {
        Some(role) => roles::remove(session, &found.administrator, &role, Heir::Nobody).await,
        None => Ok(()),
    }
}

/// The database of that name, if it belongs to one of these; a conflict if it is anybody else's.
pub(super) async fn own(
    session: &Session<'_>,
    name: &str,
    owners: &[u32],
) -> Result<Option<Database>, Error> {
    match database(session, name).await? {
        Some(database) if !owners.contains(&database.owner) => {
            let reason = "it does not belong to a role of the instance";
            let what = format!("database '{name}'");
            Err(conflict(session.access, &what, reason))
        }
        found => Ok(found),
    }
}

/// Drops a database of the instance, whatever its owner has set to keep it.
pub(super) async fn drop_own(
    session: &Session<'_>,
    name: &str,
    database: &Database,
) -> Result<(), Error> {
    if !database.is_half_dropped() {
        let close = format!(
            "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false",
            identifier(name)
        );
        session.run(ROLES, &close).await?;
    }
    drop_database(session, name).await
}
