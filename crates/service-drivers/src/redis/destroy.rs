//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::limits::FLUSH;
use super::names::instance_user;
use super::session::{Command, Session, command};
use super::users::{Users, end_default_sessions, save, set_default};

/// What holds an application's data or parts of it: databases, functions, scripts, and what the server
/// remembers of slow commands and refused ones.
const DATA: [&[&str]; 5] = [
    &["FLUSHALL", "ASYNC"],
    &["FUNCTION", "FLUSH", "ASYNC"],
    &["SCRIPT", "FLUSH", "ASYNC"],
    &["SLOWLOG", "RESET"],
    &["ACL", "LOG", "RESET"],
];

pub(super) async fn destroy(access: &Access, instance: InstanceId) -> Result<(), Error> {
    let mut session = Session::open_alone(access).await?;
    let users = Users::read(&mut session).await?;
    let mark = users.own_mark(access, instance)?;
    let bindings = users.bindings_of(instance).map(|user| user.name.as_str());
    let bindings: Vec<&str> = bindings.collect();
    let remove = |names: &[&str]| command(["ACL", "DELUSER"].iter().chain(names).copied());
    let mut changes: Vec<Command> = Vec::new();
    if !bindings.is_empty() {
        changes.extend([set_default([]), end_default_sessions(), remove(&bindings)]);
    }
    if mark.is_some() {
        changes.extend(DATA.map(|words| command(words.iter().copied())));
        // The mark goes last: while anything is left, it is known whose it is.
        changes.push(remove(&[&instance_user(instance)]));
    }
    // Also when nothing is left: an earlier call may have failed to write the file.
    changes.push(save());
    session.run_all(FLUSH, &changes).await?;
    if mark.is_some() {
        // The file of the data still tells how it came to be; a new one does not. It is written in the
        // background, and one that is being written already ends with what we did.
        drop(session.run(FLUSH, &command(["BGREWRITEAOF"])).await);
    }
    Ok(())
}
