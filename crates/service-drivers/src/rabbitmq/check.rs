//! Looking at instances.

use serde::Deserialize;
use windlass_model::id::{InstanceId, short};
use windlass_services::{Error, Usage};

use super::client::Client;
use super::connections::count;
use super::failure::full;
use super::limits::{LOOK, SIZE};
use super::names::{PREFIX, vhost};
use super::objects::{VirtualHost, existing};
use super::prepare::no_alarm;

/// A queue, as far as the statistics have seen it.
#[derive(Debug, Deserialize)]
struct Queue {
    #[serde(default)]
    message_bytes: Option<u64>,
}

/// Whether the virtual host runs, has a free connection, and takes messages.
pub(super) async fn check(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let (found, mark) = existing(client, instance).await?;
    found.usable(client.access)?;
    no_alarm(client).await?;
    let open = count(client, &found.name).await?;
    if open >= mark.connection_limit {
        let reason = format!(
            "all {} connections of virtual host '{}' are taken",
            mark.connection_limit, found.name
        );
        return Err(full(client.access, reason));
    }
    Ok(())
}

/// Connections are exact; bytes are those of the messages, as the statistics knew them some seconds ago.
pub(super) async fn usage(client: &Client<'_>, instance: InstanceId) -> Result<Usage, Error> {
    let (found, _) = existing(client, instance).await?;
    let path = format!("queues/{}?columns=message_bytes", vhost(instance));
    let queues: Vec<Queue> = client.look(SIZE, &path).await?;
    let bytes = queues
        .iter()
        .filter_map(|queue| queue.message_bytes)
        .fold(0, u64::saturating_add);
    Ok(Usage {
        bytes,
        connections: count(client, &found.name).await?,
    })
}

/// The short ids of the instances whose marks fit their names.
pub(super) async fn list(client: &Client<'_>) -> Result<Vec<String>, Error> {
    let found: Vec<VirtualHost> = client
        .look(LOOK, "vhosts?columns=name,description,metadata")
        .await?;
    let own = found.iter().filter_map(|found| {
        let id = found.name.strip_prefix(PREFIX)?;
        let mark = found.mark()?;
        (short(mark.instance) == id).then(|| id.to_owned())
    });
    Ok(own.collect())
}
