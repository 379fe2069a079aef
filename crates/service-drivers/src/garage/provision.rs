//! Making an instance.

use serde_json::{Value, json};
use windlass_services::{Error, InstanceSpec};

use super::bucket::{self, Bucket};
use super::client::Client;
use super::failure::conflict;
use super::keys::{self, KeyInfo, Permissions};
use super::limits::{DAYS_OF_UPLOADS, Quotas, RIGHTS};
use super::names::{self, Mark};
use super::state::{existing, find};
use super::storage;

/// The name of our rule about unfinished uploads among a bucket's, of which an administrator may add others.
const RULE: &str = "windlass-unfinished-uploads";
const STEWARD: Permissions = Permissions {
    read: true,
    write: true,
    owner: true,
};

pub(super) async fn provision(
    client: &Client<'_>,
    spec: &InstanceSpec,
    quotas: Quotas,
) -> Result<(), Error> {
    let instance = spec.instance;
    let name = names::bucket(instance);
    let state = find(client, instance).await?;
    if let Some((_, limit)) = state.steward
        && limit != spec.connection_limit
    {
        let reason = format!(
            "it was made with {limit} connections, not {}",
            spec.connection_limit
        );
        return Err(conflict(client.access, format!("bucket '{name}'"), reason));
    }
    let mark = Mark::Instance {
        instance,
        connection_limit: spec.connection_limit,
    };
    let mark = mark.text(&spec.comment);
    let steward = if let Some((id, _)) = state.steward {
        id
    } else {
        let body = json!({ "name": mark });
        let made: KeyInfo = client.post(RIGHTS, "CreateKey", &body).await?;
        made.access_key_id
    };
    let bucket = match state.bucket {
        Some(bucket) => bucket,
        None => bucket::create(client, &name, &steward).await?,
    };
    if !bucket.global_aliases.contains(&name) {
        bucket::name(client, &bucket.id, &name).await?;
    }
    bucket::set_rights(client, &bucket, &steward, STEWARD).await?;
    keys::set(client, &steward, &mark).await?;
    limit(client, &bucket, quotas).await?;
    // Whoever lost an answer may have made another before.
    for other in &state.keys {
        if other.steward_of(instance).is_some() && other.id != steward {
            keys::delete(client, &other.id).await?;
        }
    }
    let whole = existing(client, instance).await?;
    storage::is_served(client, instance, &whole.steward).await
}

/// Sets what the bucket may hold, has uploads given up that never end, and closes it to all who have no key: an
/// earlier try may have been to make a public one.
async fn limit(client: &Client<'_>, bucket: &Bucket, quotas: Quotas) -> Result<(), Error> {
    let mut rules = bucket.lifecycle_rules.clone().unwrap_or_default();
    rules.retain(|rule| rule.get("ID").and_then(Value::as_str) != Some(RULE));
    rules.push(json!({
        "ID": RULE,
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": DAYS_OF_UPLOADS },
    }));
    let body = json!({
        "quotas": { "maxSize": quotas.bytes, "maxObjects": quotas.objects },
        "lifecycleRules": rules,
        "websiteAccess": { "enabled": false },
    });
    let path = format!("UpdateBucket?id={}", bucket.id);
    let _: Bucket = client.post(RIGHTS, &path, &body).await?;
    Ok(())
}
