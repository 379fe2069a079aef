//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::catalogue::{conflict, find};
use super::limits::ROLES;
use super::names::{binding_mark_of, group, login};
use super::owned::{Heir, drop_role};
use super::session::Session;
use super::sessions::{end_of_roles, end_of_vanished_roles};
use super::sql::identifier;

pub(super) async fn unbind(
    access: &Access,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let group = group(instance);
    session.lock(&group).await?;
    let found = find(&session, instance).await?;
    let name = login(instance, generation);
    let Some(role) = found.logins.iter().find(|role| role.name == name) else {
        return end_of_vanished_roles(&session, &group).await;
    };
    if !role.comment.starts_with(&binding_mark_of(instance)) {
        let what = format!("role '{name}'");
        return Err(conflict(
            access,
            &what,
            "its comment does not bear the mark of this instance",
        ));
    }
    // First the door, then those who are inside.
    session
        .run(
            ROLES,
            &format!("ALTER ROLE {} NOLOGIN PASSWORD NULL", identifier(&name)),
        )
        .await?;
    end_of_roles(&session, &[role.oid]).await?;
    // Without its group, what the role owns has no heir: the instance is half destroyed.
    let heir = found
        .own_group(access, instance)?
        .map_or(Heir::Nobody, |_| Heir::Role(&group));
    drop_role(&session, &found.administrator, role, heir).await?;
    end_of_roles(&session, &[role.oid]).await
}
