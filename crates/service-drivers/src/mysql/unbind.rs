//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::{Error, password};

use super::catalogue::find;
use super::definers;
use super::ledger;
use super::limits::USERS;
use super::names::{database, login};
use super::session::{Cluster, Session};
use super::sessions::end;
use super::sql::user;

pub(super) async fn unbind(
    cluster: Cluster<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let database = database(instance);
    session.lock(&database).await?;
    let found = find(&mut session, instance).await?;
    let name = login(instance, generation);
    if found.own_binding(cluster.access, &name)?.is_none() {
        // One that was logging in while it was revoked can come to light after its user was dropped.
        return end(&mut session, &[&name]).await;
    }
    ledger::note_revoked(&mut session, &name).await?;
    // First the door, then those who are inside.
    if found.has_login(&name) {
        close(&mut session, &name).await?;
    }
    end(&mut session, &[&name]).await?;
    // Those too that were kept earlier and define nothing any more.
    let kept = found.bindings.iter().filter(|row| row.is_revoked);
    let revoked: Vec<_> = kept.map(|row| row.name.as_str()).collect();
    let definers = definers::of(&mut session, &database).await?;
    for name in revoked
        .into_iter()
        .filter(|kept| *kept != name)
        .chain([name.as_str()])
    {
        if !definers.may_hold(name) {
            drop_user(&mut session, name).await?;
        }
    }
    end(&mut session, &[&name]).await
}

/// Locks a user out, and takes its password from it for the time when somebody unlocks it.
pub(super) async fn close(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let nobodys = password::generate();
    let sql = format!(
        "ALTER USER {} {} ACCOUNT LOCK",
        user(name),
        session.dialect.identified(&nobodys)
    );
    session.run(USERS, sql).await
}

/// Drops a user of ours, then its row.
pub(super) async fn drop_user(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!("DROP USER IF EXISTS {}", user(name));
    session.run(USERS, sql).await?;
    ledger::forget_binding(session, name).await
}
