//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::connections::end;
use super::failure::conflict;
use super::limits::{LOOK, RIGHTS};
use super::names::user;
use super::objects::User;

pub(super) async fn unbind(
    client: &Client<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    let name = user(instance, generation);
    let path = format!("users/{name}");
    if let Some(found) = client.find::<User>(LOOK, &path).await? {
        if !found.is_of(instance) {
            let reason = "its tags do not bear the mark of this instance".to_owned();
            return Err(conflict(client.access, format!("user '{name}'"), reason));
        }
        // First the door, then those who are inside. Queues and messages belong to the virtual host.
        client.delete(RIGHTS, &path).await?;
    }
    end(client, &[name]).await
}
