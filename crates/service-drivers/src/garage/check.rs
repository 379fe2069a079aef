//! Looking at instances.

use std::collections::BTreeSet;

use windlass_model::id::{InstanceId, short};
use windlass_services::{Error, Usage};

use super::client::Client;
use super::state::existing;
use super::{keys, layout, storage};

/// Whether the bucket is there for its users, and there is room to write.
pub(super) async fn check(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let whole = existing(client, instance).await?;
    storage::is_served(client, instance, &whole.steward).await?;
    layout::status(client).await?.has_room(client)
}

/// As the server has counted, which it does behind its answers: bytes of objects, and of the parts of uploads that have not ended, which count for no quota and are on the
/// disk all the same. There are no connections, for each request is signed by itself.
pub(super) async fn usage(client: &Client<'_>, instance: InstanceId) -> Result<Usage, Error> {
    let whole = existing(client, instance).await?;
    let unfinished = whole.bucket.unfinished_multipart_upload_bytes;
    Ok(Usage {
        bytes: whole.bucket.bytes.saturating_add(unfinished),
        connections: 0,
    })
}

/// The short ids of the instances that have a mark, whether there is a bucket to it or not.
pub(super) async fn list(client: &Client<'_>) -> Result<Vec<String>, Error> {
    let keys = keys::own(client).await?;
    let instances: BTreeSet<String> = keys
        .iter()
        .filter(|key| key.steward_of(key.mark.instance()).is_some())
        .map(|key| short(key.mark.instance()))
        .collect();
    Ok(instances.into_iter().collect())
}
