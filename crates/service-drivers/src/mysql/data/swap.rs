//! Putting a filled database's tables in the place of the live one's.

use windlass_model::id::{InstanceId, OperationId};
use windlass_services::{Error, InstanceSpec};

use super::super::catalogue::{Found, find, has_database};
use super::super::definers;
use super::super::ledger::{self, table};
use super::super::limits::{CREATE, LOOK, USERS};
use super::super::names::database;
use super::super::session::{Cluster, Session};
use super::super::sessions::end;
use super::super::sql::{identifier, literal, user};
use super::super::unbind::drop_user;
use super::filled::{MOVED, make_again};
use super::leftovers::{clear_restores, drop_database, remove_copier};
use super::limits::{MOVE, RECORD};
use super::names::{fresh, old};
use super::objects::{self, Kind};
use super::record::{self, Restore, State};

/// In the order in which nothing is in the way of what comes after.
const ALL: [Kind; 5] = [
    Kind::Event,
    Kind::Trigger,
    Kind::View,
    Kind::Procedure,
    Kind::Function,
];

pub(super) async fn swap(
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    operation: OperationId,
) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let live = database(spec.instance);
    session.lock(&live).await?;
    let found = find(&mut session, spec.instance).await?;
    found.whole(cluster.access, spec.instance)?;
    let missing = || Error::Missing {
        cluster: cluster.access.description.clone(),
        what: format!("what operation {operation} restored for database '{live}'"),
    };
    let restore = restores(&mut session, spec.instance).await?;
    let restore = restore.filter(|restore| restore.is_of(operation));
    let restore = restore.ok_or_else(missing)?;
    match restore.state {
        State::Filling => Err(missing()),
        State::Swapped => Ok(()),
        State::Filled | State::Swapping | State::Moved => {
            go_on(&mut session, cluster, (&found, spec), &restore).await
        }
    }
}

pub(super) async fn discard(cluster: Cluster<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    session.lock(&database(spec.instance)).await?;
    let found = find(&mut session, spec.instance).await?;
    if found.own(cluster.access, spec.instance)?.is_none() {
        return Ok(());
    }
    match restores(&mut session, spec.instance).await? {
        // The old data is not whole any more, and the new is.
        Some(restore) if restore.state.is_under_way() => {
            go_on(&mut session, cluster, (&found, spec), &restore).await
        }
        Some(restore) if restore.state == State::Swapped => Ok(()),
        Some(_) => clear_restores(&mut session, &found, spec.instance).await,
        None => Ok(()),
    }
}

/// The instance's last restore; none where our tables of such have never been made.
async fn restores(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<Option<Restore>, Error> {
    ledger::make(session).await?;
    record::restore(session, instance).await
}

/// From the first step that hurts the old data to the end; each bears repetition.
async fn go_on(
    session: &mut Session<'_>,
    cluster: Cluster<'_>,
    (found, spec): (&Found, &InstanceSpec),
    restore: &Restore,
) -> Result<(), Error> {
    if restore.state == State::Filled {
        record::note(session, spec.instance, restore, State::Swapping).await?;
    }
    let (live, fresh, old) = (
        database(spec.instance),
        fresh(spec.instance),
        old(spec.instance),
    );
    let active: Vec<&str> = found
        .bindings
        .iter()
        .filter(|binding| !binding.is_revoked && found.has_login(&binding.name))
        .map(|binding| binding.name.as_str())
        .collect();
    for name in &active {
        let sql = format!("ALTER USER {} ACCOUNT LOCK", user(name));
        session.run(USERS, sql).await?;
    }
    end(session, &active).await?;
    if restore.state != State::Moved {
        let sql = format!("CREATE DATABASE IF NOT EXISTS {}", identifier(&old));
        session.run(CREATE, sql).await?;
        if !has_table(session, &old, MOVED).await? {
            objects::drop_all(session, &live, &ALL).await?;
            move_tables(session, &live, &fresh, &old).await?;
        }
        // Before the old tables go, and with them the one that says that they have moved.
        record::note(session, spec.instance, restore, State::Moved).await?;
    }
    make_again(session, cluster, spec, restore).await?;
    for name in &active {
        let sql = format!("ALTER USER {} ACCOUNT UNLOCK", user(name));
        session.run(USERS, sql).await?;
    }
    for name in [&fresh, &old] {
        if has_database(session, name).await? {
            drop_database(session, name).await?;
        }
    }
    keep_definer(session, found, spec.instance, restore).await?;
    record::forget_objects(session, spec.instance).await?;
    record::note(session, spec.instance, restore, State::Swapped).await
}

async fn has_table(session: &mut Session<'_>, database: &str, name: &str) -> Result<bool, Error> {
    let tables = tables(session, database).await?;
    Ok(tables.iter().any(|table| table == name))
}

async fn tables(session: &mut Session<'_>, database: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_TYPE <> 'VIEW' ORDER BY 1",
        literal(database)
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.iter().map(|row| row.text(0).to_owned()).collect())
}

/// One statement: all of them, or none.
async fn move_tables(
    session: &mut Session<'_>,
    live: &str,
    fresh: &str,
    old: &str,
) -> Result<(), Error> {
    let mut moves = Vec::new();
    let step = |from: &str, to: &str, name: &str| {
        let name = identifier(name);
        format!("{}.{name} TO {}.{name}", identifier(from), identifier(to))
    };
    for name in tables(session, live).await? {
        moves.push(step(live, old, &name));
    }
    for name in tables(session, fresh).await? {
        let to = if name == MOVED { old } else { live };
        moves.push(step(fresh, to, &name));
    }
    if moves.is_empty() {
        return Ok(());
    }
    session
        .run(MOVE, format!("RENAME TABLE {}", moves.join(", ")))
        .await
}

/// Who loaded the data stays if anything acts as it: like a revoked binding's user, that goes when nothing does any more.
async fn keep_definer(
    session: &mut Session<'_>,
    found: &Found,
    instance: InstanceId,
    restore: &Restore,
) -> Result<(), Error> {
    let live = database(instance);
    let definers = definers::of(session, &live).await?;
    let name = &restore.filler;
    if definers.may_hold(name) {
        let sql = format!(
            "INSERT INTO {} (name, instance, binding, revoked) VALUES ({}, '{instance}', {}, TRUE) \
             ON DUPLICATE KEY UPDATE revoked = TRUE",
            table("bindings"),
            literal(name),
            literal(&restore.operation)
        );
        session.run(RECORD, sql).await?;
        record::forget_copier(session, name).await?;
    } else {
        let now = find(session, instance).await?;
        remove_copier(session, &now, instance, name).await?;
    }
    // Those of before, whose objects are gone.
    for binding in found.bindings.iter().filter(|row| row.is_revoked) {
        if binding.name != *name && !definers.may_hold(&binding.name) {
            drop_user(session, &binding.name).await?;
        }
    }
    Ok(())
}
