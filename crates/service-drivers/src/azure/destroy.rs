//! Destroying an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::container;
use super::failure::failed;
use super::limits::{DELETE, MOST_ROUNDS};
use super::{lease, names};

/// Blobs, policies and the mark go with the container, at once.
pub(super) async fn destroy(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    if container::find(client, instance).await?.is_none() {
        return Ok(());
    }
    let name = names::container(instance);
    let mut is_leased = false;
    for _ in 0..MOST_ROUNDS {
        if container::delete(client, instance, is_leased).await? {
            return Ok(());
        }
        // A call before has left its lease, or another is changing the policies.
        match lease::take(client, &name).await {
            Ok(()) => is_leased = true,
            Err(Error::Missing { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    let reason = format!("the lease on container '{name}' was lost {MOST_ROUNDS} times");
    Err(failed(client.access, DELETE, reason))
}
