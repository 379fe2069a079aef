//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::catalogue::find;
use super::ledger;
use super::limits::DROP;
use super::names::database;
use super::session::{Cluster, Session};
use super::sessions::end;
use super::sql::identifier;
use super::unbind::{close, drop_user};

pub(super) async fn destroy(cluster: Cluster<'_>, instance: InstanceId) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let name = database(instance);
    session.lock(&name).await?;
    let found = find(&mut session, instance).await?;
    let is_there = found.own(cluster.access, instance)?.is_some();

    for login in found.own_logins() {
        close(&mut session, login).await?;
    }
    let logins: Vec<_> = found.bindings.iter().map(|row| row.name.as_str()).collect();
    end(&mut session, &logins).await?;
    if found.has_database {
        let sql = format!("DROP DATABASE IF EXISTS {}", identifier(&name));
        session.run(DROP, sql).await?;
    }
    // Only now: what they had defined is gone.
    for login in &logins {
        drop_user(&mut session, login).await?;
    }
    // One that was logging in while it was locked out.
    end(&mut session, &logins).await?;
    // The mark goes last: while anything is left, it is known whose it is.
    if is_there {
        ledger::forget_instance(&mut session, &name).await?;
    }
    Ok(())
}
