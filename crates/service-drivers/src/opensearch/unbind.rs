//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::limits::RIGHTS;
use super::names::user;
use super::objects::{find_user, user_path};

/// There are no sessions: each request brings its password, and the server forgets the answers that it keeps of
/// earlier ones when a user changes, before it says that it has.
pub(super) async fn unbind(
    client: &Client<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let name = user(instance, generation);
    if find_user(client, instance, &name).await?.is_none() {
        return Ok(());
    }
    client.delete(RIGHTS, &user_path(client, &name)).await
}
