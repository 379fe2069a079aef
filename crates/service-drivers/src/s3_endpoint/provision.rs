//! Making an instance.

use tokio::time::Instant;
use windlass_services::{Error, InstanceSpec};

use super::client::Client;
use super::failure::conflict;
use super::limits::{POLL, SETTLES};
use super::state::find;
use super::{bucket, check, names, policy, users};

pub(super) async fn provision(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let instance = spec.instance;
    let (name, steward) = (names::bucket(instance), names::steward(instance));
    let state = find(client, instance).await?;
    match state.connection_limit {
        Some(limit) if limit != spec.connection_limit => {
            let reason = format!(
                "it was made with {limit} connections, not {}",
                spec.connection_limit
            );
            return Err(conflict(client.access, format!("bucket '{name}'"), reason));
        }
        Some(_) => {}
        None => {
            users::create(client, &steward).await?;
            let mark = policy::of_instance(instance, spec.connection_limit);
            users::set_policy(client, &steward, &mark).await?;
        }
    }
    if !state.has_bucket {
        bucket::create(client, &name).await?;
    }
    bucket::close(client, &name).await?;
    bucket::label(client, instance, &spec.comment).await?;
    let started = Instant::now();
    loop {
        match check::check(client, instance).await {
            // The mark or the bucket may be unknown for a moment to those of the service who are asked.
            Err(Error::Conflict { .. } | Error::Missing { .. }) if started.elapsed() <= SETTLES => {
                tokio::time::sleep(POLL).await;
            }
            checked => return checked,
        }
    }
}
