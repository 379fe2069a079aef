//! Looking at instances.

use std::collections::BTreeSet;

use bson::doc;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, Usage};

use super::failure::unexpected;
use super::flavour::Flavour;
use super::limits::{LOOK, MEASURE, PROBE};
use super::marks::whole;
use super::names::{database, short_id};
use super::session::{ADMIN, Session};
use super::users::{self, Users};

/// Where the probe is written; nothing of it stays.
const PROBED: &str = "windlass.probe";

/// Whether an application could write.
pub(super) async fn check(access: &Access, instance: InstanceId) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    Users::read(&mut session, instance).await?.made(access)?;
    probe(&mut session, instance).await
}

/// Writes a document of the instance's database and removes it with its collection.
pub(super) async fn probe(session: &mut Session<'_>, instance: InstanceId) -> Result<(), Error> {
    let name = database(instance);
    let write = doc! {
        "update": PROBED,
        "updates": [{ "q": { "_id": 1 }, "u": { "_id": 1 }, "upsert": true }],
    };
    session.run(PROBE, &name, write).await?;
    session
        .run(PROBE, &name, doc! { "drop": PROBED })
        .await
        .map(drop)
}

pub(super) async fn usage(
    access: &Access,
    flavour: Flavour,
    instance: InstanceId,
) -> Result<Usage, Error> {
    let mut session = Session::open(access).await?;
    Users::read(&mut session, instance).await?.made(access)?;
    let name = database(instance);
    let stats = session.run(MEASURE, &name, doc! { "dbStats": 1 }).await?;
    let bytes = stats.get("totalSize").and_then(whole);
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    Ok(Usage {
        bytes: bytes.ok_or_else(|| unexpected(access, MEASURE, "totalSize"))?,
        connections: match flavour {
            Flavour::Mongodb => connections(&mut session, &name).await?,
            // It counts them for its metrics only, which are not asked for a password.
            Flavour::Ferretdb => 0,
        },
    })
}

/// The connections of the database's users, idle ones included.
async fn connections(session: &mut Session<'_>, database: &str) -> Result<u32, Error> {
    let command = doc! {
        "aggregate": 1, "cursor": {},
        "pipeline": [
            { "$currentOp": { "allUsers": true, "idleConnections": true } },
            { "$match": { "effectiveUsers.db": database, "connectionId": { "$exists": true } } },
            { "$group": { "_id": "$connectionId" } },
            { "$count": "connections" },
        ],
    };
    let answer = session.run(LOOK, ADMIN, command).await?;
    let batch = answer
        .get_document("cursor")
        .and_then(|cursor| cursor.get_array("firstBatch"))
        .map_err(|_| unexpected(session.access, LOOK, "connections"))?;
    // Nothing to count is no document at all.
    let counted = batch.first().and_then(|first| first.as_document());
    let counted = counted.and_then(|first| first.get("connections").and_then(whole));
    Ok(counted.map_or(0, |count| count.try_into().unwrap_or(u32::MAX)))
}

/// Every short id of which a user of ours is there.
pub(super) async fn list(access: &Access) -> Result<Vec<String>, Error> {
    let mut session = Session::open(access).await?;
    let users = users::all(&mut session).await?;
    let ours = users.iter().filter(|user| user.mark.is_some());
    let names: BTreeSet<&str> = ours.filter_map(|user| short_id(&user.database)).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}
