//! Destroying an instance.

use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::catalogue::find;
use super::data;
use super::failure::Failure;
use super::limits::{DROP, LOOK_AGAIN, ROLES};
use super::names::group;
use super::owned::{Heir, drop_role};
use super::session::Session;
use super::sessions::end_of_roles;
use super::sql::identifier;

pub(super) async fn destroy(access: &Access, instance: InstanceId) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let name = group(instance);
    session.lock(&name).await?;
    let found = find(&session, instance).await?;
    let group = found.own_group(access, instance)?;
    let database = found.own_database(access, instance)?;

    data::clear(&session, &found, instance).await?;

    let logins: Vec<_> = found.own_logins(instance).collect();
    if !logins.is_empty() {
        let lock = |name: &String| format!("ALTER ROLE {} NOLOGIN PASSWORD NULL", identifier(name));
        let statements: Vec<_> = logins.iter().map(|role| lock(&role.name)).collect();
        session.run(ROLES, &statements.join(";")).await?;
    }
    if let Some(database) = database {
        if !database.is_half_dropped() {
            let close = format!(
                "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false",
                identifier(&name)
            );
            session.run(ROLES, &close).await?;
        }
        drop_database(&session, &name).await?;
    }
    // Where the server could not be hardened, they may have sessions in other databases.
    let oids: Vec<u32> = logins.iter().map(|role| role.oid).collect();
    end_of_roles(&session, &oids).await?;
    for role in logins {
        drop_role(&session, &found.administrator, role, Heir::Nobody).await?;
    }
    // The mark goes last: while anything is left, it is known whose it is.
    if let Some(role) = group {
        drop_role(&session, &found.administrator, role, Heir::Nobody).await?;
    }
    Ok(())
}

/// Drops a database with the sessions in it.
pub(super) async fn drop_database(session: &Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
    let deadline = Instant::now() + DROP.within;
    loop {
        match session.run_raw(DROP, &sql).await {
            Ok(()) => return Ok(()),
            // A session was told to end and takes its time, or is autovacuum's.
            Err(failure) if is_in_use(&failure) && Instant::now() < deadline => {
                sleep(LOOK_AGAIN).await;
            }
            Err(failure) => return Err(explained(failure, session.access, name)),
        }
    }
}

fn is_in_use(failure: &Failure) -> bool {
    failure.is(&SqlState::OBJECT_IN_USE)
}

/// The refusal that operators can do something about, in their words.
fn explained(failure: Failure, access: &Access, name: &str) -> Error {
    let foreign_session = failure.is(&SqlState::INSUFFICIENT_PRIVILEGE);
    match failure.of_statement(access) {
        Error::Failed {
            cluster,
            doing,
            reason,
        } if foreign_session => {
            let reason = format!(
                "{reason}. Most likely a superuser, such as a monitoring program, is connected to database '{name}', \
                 and only a superuser can end that session: end it and try again"
            );
            Error::Failed {
                cluster,
                doing,
                reason,
            }
        }
        other => other,
    }
}
