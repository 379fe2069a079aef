//! Making an instance.

use windlass_services::{Access, Error, InstanceSpec};

use super::check::probe;
use super::limits::{RESERVED_CONNECTIONS, USERS};
use super::names::{InstanceMark, comment, instance_user};
use super::session::{Command, Session, command};
use super::users::{User, Users, conflict, save};

pub(super) async fn provision(access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
    let mut session = Session::open_alone(access).await?;
    let users = Users::read(&mut session).await?;
    let name = instance_user(spec.instance);
    if let Some(mark) = users.own_mark(access, spec.instance)?
        && mark.connection_limit != spec.connection_limit
    {
        let reason = format!(
            "it was made with {} connections, not {}",
            mark.connection_limit, spec.connection_limit
        );
        return Err(conflict(access, &name, &reason));
    }
    let is_anothers = |user: &&User| user.mark().is_some_and(|mark| !mark.is_of(spec.instance));
    if let Some(other) = users.0.iter().find(is_anothers) {
        let reason = "the server is that instance's, and two would share their data";
        return Err(conflict(access, &other.name, reason));
    }
    let mark = format!(
        "~{}",
        InstanceMark::text(spec.instance, spec.connection_limit)
    );
    let comment = format!("~{}", comment(&spec.comment));
    let changes = [
        command(["ACL", "SETUSER", &name, "reset", &mark, &comment]),
        limit(spec.connection_limit),
        save(),
    ];
    session.run_all(USERS, &changes).await?;
    probe(&mut session).await
}

/// Sets the connection limit, which a restart forgets.
pub(super) fn limit(connections: u32) -> Command {
    let clients = connections.saturating_add(RESERVED_CONNECTIONS).to_string();
    command(["CONFIG", "SET", "maxclients", &clients])
}
