//! Making a binding.

use windlass_services::{Access, BindingSpec, Error, InstanceSpec};

use super::catalogue::{conflict, find};
use super::limits::ROLES;
use super::names::{binding_mark, group, login};
use super::session::Session;
use super::sql::{identifier, literal, verifier};

pub(super) async fn bind(
    access: &Access,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let group = group(spec.instance);
    session.lock(&group).await?;
    let found = find(&session, spec.instance).await?;
    found.whole(access, spec.instance)?;

    let name = login(spec.instance, binding.generation);
    let mark = binding_mark(spec.instance, binding.binding);
    let existing = found.logins.iter().find(|role| role.name == name);
    if existing.is_some_and(|role| role.comment != mark) {
        let what = format!("role '{name}'");
        return Err(conflict(
            access,
            &what,
            "its comment does not bear the mark of this binding",
        ));
    }
    let (role, group) = (identifier(&name), identifier(&group));
    let create = if existing.is_some() {
        String::new()
    } else {
        format!("CREATE ROLE {role} NOLOGIN;")
    };
    // One transaction. The role acts as the group, so that all it makes belongs to the group.
    let sql = format!(
        "{create}
         COMMENT ON ROLE {role} IS {};
         GRANT {group} TO {role};
         ALTER ROLE {role} SET role TO {group};
         ALTER ROLE {role} LOGIN PASSWORD {} CONNECTION LIMIT -1 VALID UNTIL 'infinity'",
        literal(&mark),
        verifier(&binding.password)
    );
    session.run(ROLES, &sql).await
}
