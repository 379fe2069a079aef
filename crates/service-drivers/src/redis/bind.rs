//! Making a binding.

use windlass_services::{Access, BindingSpec, Error, InstanceSpec};

use super::limits::USERS;
use super::names::{binding_mark, binding_user};
use super::session::Session;
use super::users::{Users, conflict, hash, save, set_default, set_user};

pub(super) async fn bind(
    access: &Access,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let mut session = Session::open_alone(access).await?;
    let users = Users::read(&mut session).await?;
    users.made(access, spec.instance)?;

    let name = binding_user(spec.instance, binding.generation);
    let mark = binding_mark(spec.instance, binding.binding);
    let existing = users.named(&name);
    if existing.is_some_and(|user| !user.selected.contains(&mark)) {
        let reason = "its selectors do not bear the mark of this binding";
        return Err(conflict(access, &name, reason));
    }
    let hash = hash(&binding.password);
    let mut user = set_user(&name, [hash.as_str()]);
    user.push(format!("(~{mark})"));
    let others = users
        .bindings_of(spec.instance)
        .filter(|user| user.name != name);
    let all = others
        .flat_map(|user| user.hashes.iter().map(String::as_str))
        .chain([hash.as_str()]);
    let default = set_default(all);
    session.run_all(USERS, &[user, default, save()]).await
}
