//! Looking at instances.

use std::collections::BTreeSet;

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, Usage};

use super::catalogue::find;
use super::ledger;
use super::limits::{LOOK, SIZE};
use super::names::{database, short_id};
use super::session::{Cluster, Session};
use super::sessions::of;
use super::sql::{identifier, literal};

/// Goes to the instance's database. Not as its users, which takes their password: that they are let in is
/// what `bind` sets.
pub(super) async fn check(cluster: Cluster<'_>, instance: InstanceId) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let found = find(&mut session, instance).await?;
    found.whole(cluster.access, instance)?;
    let name = database(instance);
    session
        .run(LOOK, format!("USE {}", identifier(&name)))
        .await?;
    let rows = session
        .rows(LOOK, "SELECT @@global.read_only".to_owned())
        .await?;
    if rows.first().is_some_and(|row| row.number(0) != 0) {
        let reason = "the server is read-only".to_owned();
        return Err(broken(cluster.access, reason));
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

/// The server's estimate of the tables' sizes, and the sessions of all bindings.
pub(super) async fn usage(cluster: Cluster<'_>, instance: InstanceId) -> Result<Usage, Error> {
    let mut session = Session::open(cluster).await?;
    let found = find(&mut session, instance).await?;
    found.whole(cluster.access, instance)?;
    let sql = format!(
        "SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {}",
        literal(&database(instance))
    );
    let rows = session.rows(SIZE, sql).await?;
    let logins: Vec<_> = found.bindings.iter().map(|row| row.name.as_str()).collect();
    let open = of(&mut session, &logins).await?;
    Ok(Usage {
        bytes: rows.first().map_or(0, |row| row.number(0)),
        connections: u32::try_from(open.len()).unwrap_or(u32::MAX),
    })
}

/// Every short id of which anything of ours may be there, whole or not.
pub(super) async fn list(cluster: Cluster<'_>) -> Result<Vec<String>, Error> {
    let mut session = Session::open(cluster).await?;
    let names = ledger::names(&mut session).await?;
    let ids: BTreeSet<_> = names.iter().filter_map(|name| short_id(name)).collect();
    Ok(ids.into_iter().map(str::to_owned).collect())
}
