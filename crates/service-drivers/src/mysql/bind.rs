//! Making a binding.

use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::catalogue::{conflict, find};
use super::failure::code;
use super::ledger;
use super::limits::USERS;
use super::names::{database, login};
use super::session::{Cluster, Session};
use super::sql::{pattern, user};

pub(super) async fn bind(
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let access = cluster.access;
    let database = database(spec.instance);
    session.lock(&database).await?;
    let found = find(&mut session, spec.instance).await?;
    found.whole(access, spec.instance)?;

    let name = login(spec.instance, binding.generation);
    let row = found.own_binding(access, &name)?;
    let is_another = |row: &ledger::Binding| row.id != binding.binding.to_string();
    if row.is_some_and(|row| !row.is_revoked && is_another(row)) {
        let what = format!("user '{name}'");
        return Err(conflict(access, &what, "it was made for another binding"));
    }
    let is_new = row.is_none();
    ledger::note_binding(&mut session, &name, spec.instance, binding.binding).await?;
    let (verb, account) = if found.has_login(&name) {
        ("ALTER", user(&name))
    } else {
        ("CREATE", user(&name))
    };
    let sql = format!(
        "{verb} USER {account} {} REQUIRE NONE WITH MAX_USER_CONNECTIONS {} ACCOUNT UNLOCK PASSWORD EXPIRE NEVER",
        cluster.dialect.identified(&binding.password),
        spec.connection_limit
    );
    match session.run_raw(USERS, sql).await {
        Ok(()) => {}
        Err(failure) if failure.is(code::CANNOT_USER) && is_new => {
            ledger::forget_binding(&mut session, &name).await?;
            let what = format!("user '{name}'");
            return Err(conflict(access, &what, "somebody made it a moment ago"));
        }
        Err(failure) => return Err(failure.of_statement(access)),
    }
    let sql = format!(
        "GRANT ALL PRIVILEGES ON {}.* TO {account}",
        pattern(&database)
    );
    session.run(USERS, sql).await
}
