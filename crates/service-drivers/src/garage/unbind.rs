//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::keys;

/// Every request is signed by itself: there are no sessions to end, and what is refused from now on includes
/// the next part of an upload that was begun.
pub(super) async fn unbind(
    client: &Client<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    for key in keys::own(client).await? {
        let of = key.binding_of(instance);
        if of.is_some_and(|(found, _)| found == generation) {
            keys::delete(client, &key.id).await?;
        }
    }
    Ok(())
}
