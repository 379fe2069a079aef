//! Roles and users as the server has them.

use std::collections::BTreeMap;

use serde_json::Value;
use windlass_model::id::{BindingId, InstanceId, short};
use windlass_services::Error;

use super::client::Client;
use super::failure::{conflict, missing};
use super::names::{InstanceMark, PREFIX, is_user_of, role};

/// An answer about roles or users: each under its name.
type Named = BTreeMap<String, Value>;

/// The path of a role.
pub(super) fn role_path(client: &Client<'_>, name: &str) -> String {
    format!("{}/{name}", client.flavour.roles())
}

/// The path of a user.
pub(super) fn user_path(client: &Client<'_>, name: &str) -> String {
    format!("{}/{name}", client.flavour.users())
}

/// The instance's mark if its role is there; a conflict if the role is anything else's.
pub(super) async fn find(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<Option<InstanceMark>, Error> {
    let name = role(instance);
    let found: Option<Named> = client.find(&role_path(client, &name)).await?;
    let Some(found) = found.and_then(|mut found| found.remove(&name)) else {
        return Ok(None);
    };
    let mark = client.flavour.mark_of_role(&found);
    match mark.and_then(InstanceMark::parse) {
        Some(mark) if mark.instance == instance => Ok(Some(mark)),
        _ => Err(conflict(
            client.access,
            format!("role '{name}'"),
            "it does not bear our mark".to_owned(),
        )),
    }
}

/// The same of an instance that must be there.
pub(super) async fn existing(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<InstanceMark, Error> {
    let found = find(client, instance).await?;
    found.ok_or_else(|| missing(client.access, format!("role '{}'", role(instance))))
}

/// The mark of a user; nothing if there is no such user, and a conflict if it is not the instance's.
pub(super) async fn find_user(
    client: &Client<'_>,
    instance: InstanceId,
    name: &str,
) -> Result<Option<BindingId>, Error> {
    let found: Option<Named> = client.find(&user_path(client, name)).await?;
    let Some(found) = found.and_then(|mut found| found.remove(name)) else {
        return Ok(None);
    };
    match client.flavour.mark_of_user(&found) {
        Some((of, binding)) if of == instance => Ok(Some(binding)),
        _ => Err(conflict(
            client.access,
            format!("user '{name}'"),
            "it does not bear the mark of this instance".to_owned(),
        )),
    }
}

/// Every user that bears this instance's mark.
pub(super) async fn users(client: &Client<'_>, instance: InstanceId) -> Result<Vec<String>, Error> {
    let users: Named = client.look(client.flavour.users()).await?;
    let own = users.into_iter().filter(|(name, user)| {
        let mark = client.flavour.mark_of_user(user);
        is_user_of(instance, name) && mark.is_some_and(|(of, _)| of == instance)
    });
    Ok(own.map(|(name, _)| name).collect())
}

/// The short ids of the instances whose marks fit their names.
pub(super) async fn list(client: &Client<'_>) -> Result<Vec<String>, Error> {
    let roles: Named = client.look(client.flavour.roles()).await?;
    let own = roles.iter().filter_map(|(name, role)| {
        let id = name.strip_prefix(PREFIX)?;
        let mark = client.flavour.mark_of_role(role);
        let mark = mark.and_then(InstanceMark::parse)?;
        (short(mark.instance) == id).then(|| id.to_owned())
    });
    Ok(own.collect())
}
