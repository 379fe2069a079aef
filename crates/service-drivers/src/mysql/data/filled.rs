//! What a filled database holds beside tables is written down, and only its tables are left.

use windlass_services::{Access, Error, InstanceSpec, password};

use super::super::catalogue::find;
use super::super::ledger::table;
use super::super::limits::{LOOK, USERS};
use super::super::names::database;
use super::super::session::{Cluster, Session};
use super::super::sessions::end;
use super::super::sql::{identifier, literal, pattern, user};
use super::super::unbind::close;
use super::limits::{MAKE, RECORD};
use super::names::fresh;
use super::objects::{self, KINDS, Kind, Object};
use super::record::{self, Restore, State};

/// The table that moves with the others and so tells whether they have moved.
pub(super) const MOVED: &str = "windlass_moved";

pub(super) async fn write_down(
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    restore: &Restore,
) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    session.lock(&database(spec.instance)).await?;
    let found = find(&mut session, spec.instance).await?;
    found.whole(cluster.access, spec.instance)?;
    let now = record::restore(&mut session, spec.instance).await?;
    if now.is_none_or(|now| now.operation != restore.operation || now.state != State::Filling) {
        return Err(Error::Missing {
            cluster: cluster.access.description.clone(),
            what: format!(
                "database '{}', which another call has removed,",
                fresh(spec.instance)
            ),
        });
    }
    // Nobody changes it from now on.
    close(&mut session, &restore.filler).await?;
    end(&mut session, &[&restore.filler]).await?;
    let fresh = fresh(spec.instance);
    record::forget_objects(&mut session, spec.instance).await?;
    let mut number = 0u32;
    for kind in KINDS {
        for object in objects::of(&mut session, &fresh, kind).await? {
            keep(&mut session, spec, number, &object).await?;
            number += 1;
        }
    }
    let kinds = [Kind::Event, Kind::Trigger, Kind::View];
    objects::drop_all(&mut session, &fresh, &kinds).await?;
    let sql = format!(
        "CREATE TABLE {}.{} (restored TINYINT)",
        identifier(&fresh),
        identifier(MOVED)
    );
    session.run(MAKE, sql).await?;
    record::note(&mut session, spec.instance, restore, State::Filled).await
}

async fn keep(
    session: &mut Session<'_>,
    spec: &InstanceSpec,
    number: u32,
    object: &Object,
) -> Result<(), Error> {
    // As a number, for it holds line ends, which a literal of ours does not.
    let sql = format!(
        "INSERT INTO {} (name, number, kind, object, sql_mode, text) \
         VALUES ({}, {number}, {}, {}, {}, CONVERT(x'{}' USING utf8mb4))",
        table("objects"),
        literal(&database(spec.instance)),
        literal(object.kind.word()),
        literal(&object.name),
        literal(&object.sql_mode),
        hex::encode(&object.text)
    );
    session.run(RECORD, sql).await
}

/// What was written down.
pub(super) async fn written(
    session: &mut Session<'_>,
    spec: &InstanceSpec,
) -> Result<Vec<Object>, Error> {
    let sql = format!(
        "SELECT kind, object, sql_mode, text FROM {} WHERE name = {} ORDER BY number",
        table("objects"),
        literal(&database(spec.instance))
    );
    let rows = session.rows(LOOK, sql).await?;
    let read = |row: &super::super::session::Row| {
        Some(Object {
            kind: Kind::parse(row.text(0))?,
            name: row.text(1).to_owned(),
            sql_mode: row.text(2).to_owned(),
            text: row.text(3).to_owned(),
        })
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// Has the one who loaded the data make the objects in the live database, as what they define acts as who makes them.
pub(super) async fn make_again(
    session: &mut Session<'_>,
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    restore: &Restore,
) -> Result<(), Error> {
    let objects = written(session, spec).await?;
    if objects.is_empty() {
        return Ok(());
    }
    let live = database(spec.instance);
    let secret = password::generate();
    let account = user(&restore.filler);
    let sql = format!("GRANT ALL PRIVILEGES ON {}.* TO {account}", pattern(&live));
    session.run(USERS, sql).await?;
    let sql = format!(
        "ALTER USER {account} {} ACCOUNT UNLOCK",
        cluster.dialect.identified(&secret)
    );
    session.run(USERS, sql).await?;
    let access = Access {
        user: restore.filler.clone(),
        password: secret,
        database: Some(live),
        ..cluster.access.clone()
    };
    let as_filler = Cluster {
        access: &access,
        dialect: cluster.dialect,
    };
    let mut own = Session::open(as_filler).await?;
    let made = objects::make(&mut own, objects).await;
    drop(own);
    close(session, &restore.filler).await?;
    made
}
