//! Making an instance.

use windlass_services::{Error, InstanceSpec};

use super::check;
use super::client::Client;
use super::container::{self, Mark, existing};
use super::failure::conflict;
use super::names;

pub(super) async fn provision(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let instance = spec.instance;
    let wanted = Mark::of(instance, spec.connection_limit, &spec.comment);
    if container::find(client, instance).await?.is_none() {
        container::create(client, &wanted).await?;
    }
    let found = existing(client, instance).await?;
    if found.connection_limit != wanted.connection_limit {
        let what = format!("container '{}'", names::container(instance));
        let reason = format!(
            "it was made with {} connections, not {}",
            found.connection_limit, wanted.connection_limit
        );
        return Err(conflict(client.access, what, reason));
    }
    if found != wanted {
        container::set_mark(client, &wanted).await?;
    }
    check::check(client, instance).await
}
