//! Revoking a binding.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::bind::probe;
use super::client::Client;
use super::container::find;
use super::failure::failed;
use super::limits::{LOOK, POLICY_HOLDS, POLL};
use super::policies::{self, Stored};
use super::{names, sas};

/// Each request is checked by itself, so that there are no sessions to end.
pub(super) async fn unbind(
    client: &Client<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<(), Error> {
    if find(client, instance).await?.is_none() {
        return Ok(());
    }
    let container = names::container(instance);
    let is_its = |stored: &Stored| matches!(stored, Stored::Ours { policy, .. } if policy.generation == generation);
    let now = policies::read(client, &container).await?;
    let revoked: Vec<Stored> = now.into_iter().flatten().filter(is_its).collect();
    if revoked.is_empty() {
        return Ok(());
    }
    let changed = policies::change(client, &container, |now| {
        Ok(now
            .iter()
            .filter(|stored| !is_its(stored))
            .cloned()
            .collect())
    });
    match changed.await {
        // It was deleted meanwhile, and everything with it.
        Ok(()) | Err(Error::Missing { .. }) => {}
        Err(error) => return Err(error),
    }
    for stored in revoked {
        if let Stored::Ours { policy, .. } = stored {
            let url = sas::url(&client.account, &container, &policy.id());
            until_it_is_refused(client, &url).await?;
        }
    }
    Ok(())
}

/// A policy that was taken away may hold for a while with those of the service who check signatures.
async fn until_it_is_refused(client: &Client<'_>, url: &str) -> Result<(), Error> {
    let started = tokio::time::Instant::now();
    while client
        .look_as_tenant(LOOK, probe(url))
        .await?
        .status
        .is_success()
    {
        if started.elapsed() > POLICY_HOLDS {
            let reason = format!("the signature is still accepted after {POLICY_HOLDS:?}");
            return Err(failed(client.access, LOOK, reason));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
