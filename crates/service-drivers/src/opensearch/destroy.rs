//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::failure::conflict;
use super::indices::{delete, indices};
use super::limits::RIGHTS;
use super::names::role;
use super::objects::{find, role_path, user_path, users};

pub(super) async fn destroy(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let found = find(client, instance).await?;
    for user in users(client, instance).await? {
        client.delete(RIGHTS, &user_path(client, &user)).await?;
    }
    if found.is_none() {
        // The mark goes last, so that these were never ours.
        return match indices(client, instance).await?.first() {
            None => Ok(()),
            Some(found) => Err(conflict(
                client.access,
                format!("index '{}'", found.name),
                "there is no role with our mark".to_owned(),
            )),
        };
    }
    delete(client, instance).await?;
    let path = role_path(client, &role(instance));
    client.delete(RIGHTS, &path).await
}
