//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::limits::USERS;
use super::names::binding_user;
use super::session::{Session, command};
use super::users::{Users, conflict, end_default_sessions, save, set_default};

/// With a user, the server ends its sessions. Those of `default` may have been opened with this binding's
/// password or with another's, which nothing tells: all are ended, and those who may will connect again.
pub(super) async fn unbind(
    access: &Access,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let mut session = Session::open_alone(access).await?;
    let users = Users::read(&mut session).await?;
    let name = binding_user(instance, generation);
    let Some(user) = users.named(&name) else {
        // An earlier call may have failed to write the file.
        return session.run_all(USERS, &[save()]).await;
    };
    if !user.is_binding_of(instance) {
        let reason = "its selectors do not bear the mark of this instance";
        return Err(conflict(access, &name, reason));
    }
    let others = users.bindings_of(instance).filter(|user| user.name != name);
    // The user goes last: while it is there, what is half done is known and done again.
    let changes = [
        set_default(others.flat_map(|user| user.hashes.iter().map(String::as_str))),
        end_default_sessions(),
        command(["ACL", "DELUSER", &name]),
        save(),
    ];
    session.run_all(USERS, &changes).await
}
