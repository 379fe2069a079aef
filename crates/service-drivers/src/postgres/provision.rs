//! Making an instance.

use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;
use windlass_services::{Access, Error, InstanceSpec};

use super::catalogue::{Administrator, Found, conflict, database, find};
use super::check::broken;
use super::destroy::drop_database;
use super::limits::{CREATE, LOOK_AGAIN, ROLES};
use super::names::{InstanceMark, group};
use super::session::Session;
use super::sql::{identifier, literal};

pub(super) async fn provision(access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let name = group(spec.instance);
    session.lock(&name).await?;
    let found = find(&session, spec.instance).await?;
    make_group(&session, &found, spec).await?;
    let limit = spec.connection_limit;
    match found.own_database(access, spec.instance)? {
        Some(database) if database.is_half_dropped() => {
            drop_database(&session, &name).await?;
            make_database(&session, &found.administrator, (&name, &name), limit).await?;
        }
        Some(_) => {}
        None => make_database(&session, &found.administrator, (&name, &name), limit).await?,
    }
    open_database(&session, spec).await?;
    match database(&session, &name).await? {
        Some(database) => database.usable(access, &name),
        None => Err(broken(
            access,
            format!("database '{name}' was dropped while it was made"),
        )),
    }
}

/// The group role and our membership of it. One transaction: without the mark there is no role.
async fn make_group(
    session: &Session<'_>,
    found: &Found,
    spec: &InstanceSpec,
) -> Result<(), Error> {
    let name = group(spec.instance);
    // Before anything is made, so that a foreign database's name gets no role beside it.
    let exists = found.own_group(session.access, spec.instance)?.is_some();
    found.own_database(session.access, spec.instance)?;
    if let Some((_, Some(mark))) = &found.group
        && mark.connection_limit != spec.connection_limit
    {
        let reason = format!(
            "it was made with {} connections, not {}",
            mark.connection_limit, spec.connection_limit
        );
        return Err(conflict(session.access, &format!("role '{name}'"), &reason));
    }
    let role = identifier(&name);
    let before = found.group.as_ref().and_then(|(_, mark)| mark.as_ref());
    let mark = InstanceMark {
        instance: spec.instance.to_string(),
        connection_limit: spec.connection_limit,
        restored: before.and_then(|mark| mark.restored.clone()),
    };
    let mark = literal(&mark.text(&spec.comment));
    let create = if exists {
        String::new()
    } else {
        format!("CREATE ROLE {role} NOLOGIN;")
    };
    let grant = membership(&found.administrator, &role);
    // Not waited for on the disk: what comes after it is, and nothing is lost that would not be made again.
    let sql = format!(
        "SET LOCAL synchronous_commit = off; {create} COMMENT ON ROLE {role} IS {mark}; {grant}"
    );
    let Err(failure) = session.run_raw(ROLES, &sql).await else {
        return Ok(());
    };
    let is_anothers = exists && failure.is(&SqlState::INSUFFICIENT_PRIVILEGE);
    match failure.of_statement(session.access) {
        Error::Failed {
            cluster,
            doing,
            reason,
        } if is_anothers => {
            let user = identifier(&session.access.user);
            let reason = format!(
                "{reason}: from version 16 on, only the administrator that made a role may change it; let a superuser \
                 run GRANT {role} TO {user} WITH ADMIN OPTION, and the same for the roles of its bindings"
            );
            Err(Error::Failed {
                cluster,
                doing,
                reason,
            })
        }
        other => Err(other),
    }
}

/// Lets the administrator act as a role: needed to make databases for it and to dispose of what it owns.
/// A superuser may anyway. From version 16 on, whoever makes a role may administer it but not act as it.
pub(super) fn membership(administrator: &Administrator, role: &str) -> String {
    if administrator.is_superuser {
        String::new()
    } else if administrator.version >= 160_000 {
        format!("GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
    } else {
        format!("GRANT {role} TO CURRENT_USER")
    }
}

/// A database of that name and owner, closed to everybody until its rights are set.
pub(super) async fn make_database(
    session: &Session<'_>,
    administrator: &Administrator,
    (name, owner): (&str, &str),
    limit: u32,
) -> Result<(), Error> {
    let (name, owner) = (identifier(name), identifier(owner));
    // The template's provider may be another one, whose locales have other names.
    let provider = if administrator.version >= 150_000 {
        "LOCALE_PROVIDER libc"
    } else {
        ""
    };
    let sql = format!(
        "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' {provider} \
         CONNECTION LIMIT {limit} ALLOW_CONNECTIONS false"
    );
    let deadline = Instant::now() + CREATE.within;
    loop {
        let Err(failure) = session.run_raw(CREATE, &sql).await else {
            return Ok(());
        };
        // Somebody is in the template; the server itself has waited for five seconds.
        if failure.is(&SqlState::OBJECT_IN_USE) && Instant::now() < deadline {
            sleep(LOOK_AGAIN).await;
            continue;
        }
        if failure.is(&SqlState::WRONG_OBJECT_TYPE)
            || failure.is(&SqlState::INVALID_PARAMETER_VALUE)
        {
            let cluster = session.access.description.clone();
            let reason = format!(
                "it cannot make a database with the locale C.UTF-8 ({})",
                failure.of_statement(session.access)
            );
            return Err(Error::Unsupported { cluster, reason });
        }
        return Err(failure.of_statement(session.access));
    }
}

/// Rights and limits, then the door. One transaction: it is never open to more than its own.
pub(super) async fn open_database(session: &Session<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    session.run(ROLES, &opening(spec)).await
}

/// The statements for that.
pub(super) fn opening(spec: &InstanceSpec) -> String {
    let name = identifier(&group(spec.instance));
    let comment = literal(&spec.comment);
    let limit = spec.connection_limit;
    format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         GRANT ALL ON DATABASE {name} TO {name};
         COMMENT ON DATABASE {name} IS {comment};
         ALTER DATABASE {name} WITH CONNECTION LIMIT {limit} ALLOW_CONNECTIONS true IS_TEMPLATE false"
    )
}
