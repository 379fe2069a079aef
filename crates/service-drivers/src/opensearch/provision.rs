//! Making an instance.

use windlass_services::{Error, InstanceSpec};

use super::client::Client;
use super::failure::conflict;
use super::indices::indices;
use super::limits::RIGHTS;
use super::names::role;
use super::objects::{existing, find, role_path};
use super::rights;

pub(super) async fn provision(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let name = role(spec.instance);
    match find(client, spec.instance).await? {
        Some(mark) if mark.connection_limit != spec.connection_limit => {
            let reason = format!(
                "it was made with {} connections, not {}",
                mark.connection_limit, spec.connection_limit
            );
            return Err(conflict(client.access, format!("role '{name}'"), reason));
        }
        Some(_) => {}
        None => nothing_foreign(client, spec).await?,
    }
    // The whole of it each time: what was changed by hand is set again.
    let body = rights::role(client.flavour, spec);
    client.put(RIGHTS, &role_path(client, &name), &body).await?;
    existing(client, spec.instance).await.map(|_| ())
}

/// Indices that were there before the role are somebody's whom we do not know.
async fn nothing_foreign(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    match indices(client, spec.instance).await?.first() {
        None => Ok(()),
        Some(found) => Err(conflict(
            client.access,
            format!("index '{}'", found.name),
            "there is no role with our mark".to_owned(),
        )),
    }
}
