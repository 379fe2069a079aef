//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::flavour::Flavour;
use super::marks::Mark;
use super::names::{database, user};
use super::session::Session;
use super::users::{self, Users, conflict};

pub(super) async fn unbind(
    access: &Access,
    flavour: Flavour,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    let users = Users::read(&mut session, instance).await?;
    let name = user(instance, generation);
    if let Some(user) = users.named(&name) {
        let is_ours = |mark: &Mark| matches!(mark, Mark::Binding { .. }) && mark.is_of(instance);
        if !user.mark.as_ref().is_some_and(is_ours) {
            let reason = "its custom data do not bear the mark of a binding of this instance";
            return Err(conflict(access, &format!("user '{name}'"), reason));
        }
        users::remove(&mut session, &database(instance), &name).await?;
    }
    // Also when the user is gone: an earlier call may have got no further.
    users::end_sessions(&mut session, flavour, instance, &[name]).await
}
