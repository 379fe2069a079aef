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
    let mut names: Vec<String> = users
        .bindings_of(instance)
        .map(|user| user.name.clone())
        .collect();
    let mut changes: Vec<Command> = Vec::new();
    if mark.is_some() {
        names.push(instance_user(instance));
        changes.extend(DATA.map(|words| command(words.iter().copied())));
    }
    if !names.is_empty() {
        let mut remove = command(["ACL", "DELUSER"]);
        remove.extend(names);
        changes.extend([set_default([]), remove, end_default_sessions()]);
    }
    // Also when nothing is left: an earlier call may have failed to write the file.
    changes.push(save());
    session.transaction(FLUSH, &changes).await?;
    if mark.is_some() {
        // The file of the data still tells how it came to be; a new one does not. It is written in the
        // background, and one that is being written already ends with what we did.
        drop(session.run(FLUSH, &command(["BGREWRITEAOF"])).await);
    }
    Ok(())
}
