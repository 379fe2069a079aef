//! What there is of an instance: its steward, its bucket, the keys of its bindings.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::bucket::{self, Bucket};
use super::client::Client;
use super::failure::{conflict, missing};
use super::keys::{self, Own};
use super::names;

/// What there is of an instance, possibly half made.
#[derive(Debug)]
pub(super) struct State {
    /// Every key of ours that is the instance's.
    pub(super) keys: Vec<Own>,
    /// The key that is or will be the owner of the bucket, and the limit in its mark.
    pub(super) steward: Option<(String, u32)>,
    /// The instance's bucket.
    pub(super) bucket: Option<Bucket>,
}

/// An instance that is whole.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) keys: Vec<Own>,
    pub(super) steward: String,
    pub(super) bucket: Bucket,
}

/// Looks for all of it. A bucket of the instance's name that is not its own is a conflict.
pub(super) async fn find(client: &Client<'_>, instance: InstanceId) -> Result<State, Error> {
    let mut keys = keys::own(client).await?;
    keys.retain(|key| key.mark.instance() == instance);
    let stewards: Vec<(String, u32)> = keys
        .iter()
        .filter_map(|key| Some((key.id.clone(), key.steward_of(instance)?)))
        .collect();
    let name = names::bucket(instance);
    let named = bucket::by_name(client, &name).await?;
    let foreign = |reason: &str| {
        Err(conflict(
            client.access,
            format!("bucket '{name}'"),
            reason.to_owned(),
        ))
    };
    for (steward, limit) in &stewards {
        let found = keys::info(client, steward).await?;
        let Some(owned) = found.as_ref().and_then(|key| key.owned()) else {
            continue;
        };
        let Some(bucket) = bucket::by_id(client, owned).await? else {
            continue;
        };
        if named.as_ref().is_some_and(|named| named.id != bucket.id) {
            return foreign("the name was given to another bucket");
        }
        return Ok(State {
            keys,
            steward: Some((steward.clone(), *limit)),
            bucket: Some(bucket),
        });
    }
    // A server that stops while it makes a bucket may leave it with its name and nothing else. It is the
    // instance's if that was to have one, and nobody ever had anything of it.
    if let Some(named) = &named
        && (stewards.is_empty() || !named.keys.is_empty() || named.objects > 0)
    {
        return foreign("no key with our mark owns it");
    }
    Ok(State {
        keys,
        steward: stewards.into_iter().next(),
        bucket: named,
    })
}

/// An instance that must be there.
pub(super) async fn existing(client: &Client<'_>, instance: InstanceId) -> Result<Whole, Error> {
    let state = find(client, instance).await?;
    let name = names::bucket(instance);
    match (state.steward, state.bucket) {
        (Some((steward, _)), Some(bucket)) if bucket.global_aliases.contains(&name) => Ok(Whole {
            keys: state.keys,
            steward,
            bucket,
        }),
        _ => Err(missing(client.access, format!("bucket '{name}'"))),
    }
}
