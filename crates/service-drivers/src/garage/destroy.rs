//! Destroying an instance.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::bucket::{self, Bucket};
use super::client::Client;
use super::failure::{code, failed, refusal};
use super::keys::{self, Permissions};
use super::limits::{CREATE, MOST_ROUNDS, UPLOADS};
use super::names;
use super::state::find;
use super::storage::Storage;

/// How many uploads were ended, which is of no interest.
#[derive(Deserialize)]
struct Ended {}

const STEWARD: Permissions = Permissions {
    read: true,
    write: true,
    owner: true,
};

pub(super) async fn destroy(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let state = find(client, instance).await?;
    // First the doors.
    for key in &state.keys {
        if key.binding_of(instance).is_some() {
            keys::delete(client, &key.id).await?;
        }
    }
    if let (Some(bucket), Some((steward, _))) = (&state.bucket, &state.steward) {
        let name = names::bucket(instance);
        if !bucket.global_aliases.contains(&name) {
            bucket::name(client, &bucket.id, &name).await?;
        }
        bucket::set_rights(client, bucket, steward, STEWARD).await?;
        let storage = Storage::open(client, instance, steward).await?;
        erase(client, bucket, &storage).await?;
    }
    // The marks go last: while anything is left, it is known whose it is.
    for key in &state.keys {
        if key.steward_of(instance).is_some() {
            keys::delete(client, &key.id).await?;
        }
    }
    Ok(())
}

/// Deletes uploads, objects and bucket; again when an upload has ended in between that was under way.
async fn erase(client: &Client<'_>, bucket: &Bucket, storage: &Storage<'_>) -> Result<(), Error> {
    let uploads = json!({ "bucketId": bucket.id, "olderThanSecs": 0 });
    let path = format!("DeleteBucket?id={}", bucket.id);
    for _ in 0..MOST_ROUNDS {
        let _: Ended = client
            .post(UPLOADS, "CleanupIncompleteUploads", &uploads)
            .await?;
        storage.empty().await?;
        let answer = client.attempt(CREATE, &path, &json!({})).await?;
        let code = code(&answer).unwrap_or_default();
        if answer.status.is_success() || code == "NoSuchBucket" {
            return Ok(());
        }
        if answer.status != StatusCode::CONFLICT {
            return Err(refusal(client.access, CREATE, &answer));
        }
    }
    let reason = format!("objects came after it was emptied {MOST_ROUNDS} times");
    Err(failed(client.access, CREATE, reason))
}
