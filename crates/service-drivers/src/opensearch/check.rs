//! Looking at an instance.

use windlass_model::id::InstanceId;
use windlass_services::{Error, Usage};

use super::client::Client;
use super::failure::{failed, full};
use super::indices::{blocked, indices};
use super::limits::LOOK;
use super::objects::existing;

/// Whether all its indices can be read and none was shut because the disk is full.
pub(super) async fn check(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    existing(client, instance).await?;
    let indices = indices(client, instance).await?;
    let is_red = |health: &String| health == "red";
    if let Some(red) = indices
        .iter()
        .find(|index| index.health.as_ref().is_some_and(is_red))
    {
        let reason = format!(
            "parts of index '{}' are missing (its health is red)",
            red.name
        );
        return Err(failed(client.access, LOOK, reason));
    }
    if let Some(name) = blocked(client, instance).await?.first() {
        let reason =
            format!("index '{name}' takes no more documents, because the disk is (nearly) full");
        return Err(full(client.access, reason));
    }
    Ok(())
}

/// What its indices take on disk. Requests are short, and no connection is anybody's.
pub(super) async fn usage(client: &Client<'_>, instance: InstanceId) -> Result<Usage, Error> {
    existing(client, instance).await?;
    let indices = indices(client, instance).await?;
    let bytes = indices
        .iter()
        .map(super::indices::Index::bytes)
        .fold(0, u64::saturating_add);
    Ok(Usage {
        bytes,
        connections: 0,
    })
}
