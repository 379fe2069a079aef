//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::failure::failed;
use super::limits::{DELETE, MOST_ROUNDS};
use super::state::find;
use super::{bucket, names, objects, uploads, users};

pub(super) async fn destroy(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let state = find(client, instance).await?;
    // First the doors.
    for user in users::of_bindings(client, instance).await? {
        users::remove(client, &user).await?;
    }
    if state.has_bucket {
        erase(client, &names::bucket(instance)).await?;
    }
    // The mark goes last: while anything is left, it is known whose it is.
    users::remove(client, &names::steward(instance)).await
}

/// Deletes uploads, objects and bucket; again when an upload has ended in between that was under way.
async fn erase(client: &Client<'_>, name: &str) -> Result<(), Error> {
    for _ in 0..MOST_ROUNDS {
        uploads::end_all(client, name).await?;
        objects::delete_all(client, name).await?;
        if bucket::delete(client, name).await? {
            return Ok(());
        }
    }
    let reason = format!("objects came after it was emptied {MOST_ROUNDS} times");
    Err(failed(client.access, DELETE, reason))
}
