//! Making a binding.

use windlass_services::{Access, BindingSpec, Error, InstanceSpec};

use super::flavour::Flavour;
use super::marks::{self, Mark};
use super::names::user;
use super::session::Session;
use super::users::{self, Users, Wanted, conflict};

pub(super) async fn bind(
    access: &Access,
    flavour: Flavour,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    let users = Users::read(&mut session, spec.instance).await?;
    users.made(access)?;

    let name = user(spec.instance, binding.generation);
    let mark = marks::binding(spec.instance, binding.binding);
    if let Some(existing) = users.named(&name)
        && (existing.mark.is_none() || existing.mark != Mark::parse(&mark))
    {
        let reason = "its custom data do not bear the mark of this binding";
        return Err(conflict(access, &format!("user '{name}'"), reason));
    }
    let wanted = Wanted {
        instance: spec.instance,
        name,
        password: Some(&binding.password),
        mark,
    };
    users::set(&mut session, flavour, &users, wanted).await
}
