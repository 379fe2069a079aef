//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::connections::end;
use super::failure::failed;
use super::limits::{DELETE, RIGHTS};
use super::names::vhost;
use super::objects::{find, path, users};

pub(super) async fn destroy(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let found = find(client, instance).await?;
    let users = users(client, instance).await?;
    for user in &users {
        client.delete(RIGHTS, &format!("users/{user}")).await?;
    }
    end(client, &users).await?;
    // The mark goes last, with queues, limits, rights and policies: while anything is left, it is known
    // whose it is.
    if found.is_none() {
        return Ok(());
    }
    client.delete(DELETE, &path(instance)).await?;
    if find(client, instance).await?.is_none() {
        return Ok(());
    }
    let reason = format!("virtual host '{}' is still there", vhost(instance));
    Err(failed(client.access, DELETE, reason))
}
