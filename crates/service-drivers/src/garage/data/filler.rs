//! The key that owns what is restored.

use serde_json::json;
use windlass_model::id::{InstanceId, OperationId};
use windlass_services::Error;

use super::super::bucket::{self, Bucket};
use super::super::client::Client;
use super::super::destroy::erase;
use super::super::keys::{self, KeyInfo, Own};
use super::super::limits::{CREATE, RIGHTS};
use super::super::names::{Mark, Restoring};
use super::super::storage::Storage;
use super::swap::go_on;

/// What the key calls the bucket that it fills.
pub(super) const FRESH: &str = "windlass-fresh";
/// What it calls the one that was live.
pub(super) const OLD: &str = "windlass-old";

/// A filler among the keys of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filler {
    pub(super) key: String,
    pub(super) operation: OperationId,
    pub(super) state: Restoring,
}

/// All fillers of an instance.
pub(super) fn among(keys: &[Own], wanted: InstanceId) -> Vec<Filler> {
    let filler = |key: &Own| match &key.mark {
        Mark::Restore {
            instance,
            operation,
            state,
        } if *instance == wanted => Some(Filler {
            key: key.id.clone(),
            operation: *operation,
            state: state.clone(),
        }),
        _ => None,
    };
    keys.iter().filter_map(filler).collect()
}

/// The keys of an instance.
pub(super) async fn keys_of(client: &Client<'_>, instance: InstanceId) -> Result<Vec<Own>, Error> {
    let mut keys = keys::own(client).await?;
    keys.retain(|key| key.mark.instance() == instance);
    Ok(keys)
}

/// Writes what a restore has come to.
pub(super) async fn note(
    client: &Client<'_>,
    instance: InstanceId,
    filler: &Filler,
    state: Restoring,
) -> Result<(), Error> {
    let mark = Mark::Restore {
        instance,
        operation: filler.operation,
        state,
    };
    keys::set(client, &filler.key, &mark.text("")).await
}

/// A filler with a fresh bucket, of the same limits as another.
pub(super) async fn make(
    client: &Client<'_>,
    instance: InstanceId,
    operation: OperationId,
    live: &Bucket,
) -> Result<Filler, Error> {
    let mark = Mark::Restore {
        instance,
        operation,
        state: Restoring::Filling,
    };
    let body = json!({ "name": mark.text("") });
    let made: KeyInfo = client.post(RIGHTS, "CreateKey", &body).await?;
    let body = json!({
        "localAlias": {
            "accessKeyId": made.access_key_id,
            "alias": FRESH,
            "allow": { "read": true, "write": true, "owner": true },
        },
    });
    let fresh: Bucket = client.post(CREATE, "CreateBucket", &body).await?;
    let body = json!({ "quotas": live.quotas });
    let path = format!("UpdateBucket?id={}", fresh.id);
    let _: Bucket = client.post(RIGHTS, &path, &body).await?;
    Ok(Filler {
        key: made.access_key_id,
        operation,
        state: Restoring::Filling,
    })
}

/// The buckets that a filler owns.
pub(super) async fn owned(client: &Client<'_>, filler: &Filler) -> Result<Vec<Bucket>, Error> {
    let mut buckets = Vec::new();
    if let Some(info) = keys::info(client, &filler.key).await? {
        for id in info.all_owned() {
            buckets.extend(bucket::by_id(client, id).await?);
        }
    }
    Ok(buckets)
}

/// Removes a filler with what it filled.
pub(super) async fn remove(client: &Client<'_>, filler: &Filler) -> Result<(), Error> {
    for bucket in owned(client, filler).await? {
        let storage = Storage::named(client, FRESH, &filler.key).await?;
        erase(client, &bucket, &storage).await?;
    }
    keys::delete(client, &filler.key).await
}

/// Removes what restores have left, once those are finished whose swap has begun.
pub(in super::super) async fn clear(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<(), Error> {
    for filler in among(&keys_of(client, instance).await?, instance) {
        match &filler.state {
            Restoring::Swapping { old } => go_on(client, instance, &filler, old).await?,
            Restoring::Filling | Restoring::Filled => remove(client, &filler).await?,
        }
    }
    Ok(())
}
