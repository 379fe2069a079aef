//! Looking at instances.

use std::collections::BTreeSet;

use windlass_model::id::{InstanceId, short};
use windlass_services::{Error, Usage};

use super::client::Client;
use super::failure::unsupported;
use super::limits::{MOST_PAGES, PAGE};
use super::names::{self, Whose};
use super::state::existing;
use super::{objects, users};

/// Whether the instance is there, and what is in its bucket can be listed.
pub(super) async fn check(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    existing(client, instance).await
}

/// The bytes of all objects in all their versions, added up, for S3 tells no sum; without the parts of uploads that have
/// not ended. There are no connections, for each request is signed by itself.
pub(super) async fn usage(client: &Client<'_>, instance: InstanceId) -> Result<Usage, Error> {
    existing(client, instance).await?;
    let name = names::bucket(instance);
    let (mut bytes, mut from) = (0_u64, None);
    for _ in 0..MOST_PAGES {
        let page = objects::page(client, &name, from.as_ref()).await?;
        for version in page.versions {
            bytes = bytes.saturating_add(version.bytes);
        }
        from = page.next;
        if from.is_none() {
            return Ok(Usage {
                bytes,
                connections: 0,
            });
        }
    }
    let reason = format!(
        "bucket '{name}' has more objects than are added up ({MOST_PAGES} pages of {PAGE}); the endpoint's own metrics \
         tell what they use"
    );
    Err(unsupported(client.access, reason))
}

/// The short ids of the instances that have a steward, whether there is a bucket to it or not.
pub(super) async fn list(client: &Client<'_>) -> Result<Vec<String>, Error> {
    let own = users::own(client).await?;
    let instance = |whose| match whose {
        Whose::Instance(instance) => Some(short(instance)),
        Whose::Binding(..) => None,
    };
    let instances: BTreeSet<String> = own
        .into_iter()
        .filter_map(|(whose, _)| instance(whose))
        .collect();
    Ok(instances.into_iter().collect())
}
