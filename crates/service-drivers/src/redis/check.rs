//! Looking at instances.

use std::collections::BTreeSet;

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, Usage};

use super::failure::unexpected;
use super::limits::{LOOK, PROBE};
use super::names::short_id;
use super::session::{Session, command};
use super::users::Users;

/// Whether an application could write: the server refuses that when it has no memory left, cannot write its
/// files, or is a replica.
pub(super) async fn check(access: &Access, instance: InstanceId) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    Users::read(&mut session).await?.made(access, instance)?;
    probe(&mut session).await
}

/// Writes a key and removes it in one transaction, so that nobody sees it.
pub(super) async fn probe(session: &mut Session<'_>) -> Result<(), Error> {
    const KEY: &str = "windlass:probe";
    let write = [
        command(["SET", KEY, "", "PX", "1000"]),
        command(["DEL", KEY]),
    ];
    session.transaction(PROBE, &write).await
}

pub(super) async fn usage(access: &Access, instance: InstanceId) -> Result<Usage, Error> {
    let mut session = Session::open(access).await?;
    Users::read(&mut session).await?.made(access, instance)?;
    let memory = session.text(LOOK, &command(["INFO", "memory"])).await?;
    let bytes = field(&memory, "used_memory")
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| unexpected(access, LOOK, "used_memory"))?;
    let clients = session.text(LOOK, &command(["CLIENT", "LIST"])).await?;
    let ours = format!("user={}", access.user);
    let theirs = clients
        .lines()
        .filter(|line| !line.split(' ').any(|word| word == ours));
    Ok(Usage {
        bytes,
        connections: u32::try_from(theirs.count()).unwrap_or(u32::MAX),
    })
}

/// A value of INFO.
pub(super) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found == name).then_some(value.trim_end())
    })
}

/// Every short id of which a user of ours is there.
pub(super) async fn list(access: &Access) -> Result<Vec<String>, Error> {
    let mut session = Session::open(access).await?;
    let users = Users::read(&mut session).await?;
    let is_marked = |pattern: &String| pattern.starts_with("windlass/");
    let ours = users
        .0
        .iter()
        .filter(|user| user.patterns.iter().chain(&user.selected).any(is_marked));
    let names: BTreeSet<&str> = ours.filter_map(|user| short_id(&user.name)).collect();
    Ok(names.into_iter().map(str::to_owned).collect())
}
