//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::{names, users};

/// Each request is signed by itself, so that there are no sessions to end.
pub(super) async fn unbind(
    client: &Client<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    users::remove(client, &names::user(instance, generation)).await
}
