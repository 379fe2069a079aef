//! Putting a filled bucket in the place of the live one.

use serde_json::{Value, json};
use windlass_model::id::{InstanceId, OperationId};
use windlass_services::{Error, InstanceSpec};

use super::super::bucket::{self, Bucket};
use super::super::client::Client;
use super::super::destroy::erase;
use super::super::failure::missing;
use super::super::keys::{self, Permissions};
use super::super::limits::{CREATE, LOOK, RIGHTS};
use super::super::names::{self, Mark, Restoring};
use super::super::state::existing;
use super::super::storage::Storage;
use super::filler::{Filler, OLD, among, keys_of, note, owned};

const OWNER: Permissions = Permissions {
    read: true,
    write: true,
    owner: true,
};
const TENANT: Permissions = Permissions {
    read: true,
    write: true,
    owner: false,
};
const NOBODY: Permissions = Permissions {
    read: false,
    write: false,
    owner: false,
};

pub(super) async fn swap(
    client: &Client<'_>,
    spec: &InstanceSpec,
    operation: OperationId,
) -> Result<(), Error> {
    let instance = spec.instance;
    let keys = keys_of(client, instance).await?;
    let filler = among(&keys, instance)
        .into_iter()
        .find(|filler| filler.operation == operation);
    match filler {
        Some(filler) => match filler.state.clone() {
            Restoring::Swapping { old } => go_on(client, instance, &filler, &old).await,
            Restoring::Filled => {
                let live = existing(client, instance).await?.bucket;
                // Who is to clear it up afterwards.
                bucket::set_rights(client, &live, &filler.key, OWNER).await?;
                let old = live.id;
                let state = Restoring::Swapping { old: old.clone() };
                note(client, instance, &filler, state).await?;
                go_on(client, instance, &filler, &old).await
            }
            Restoring::Filling => Err(not_restored(client, instance, operation)),
        },
        None => {
            let restored = keys
                .iter()
                .any(|key| key.mark.restored() == Some(operation));
            if restored {
                Ok(())
            } else {
                Err(not_restored(client, instance, operation))
            }
        }
    }
}

fn not_restored(client: &Client<'_>, instance: InstanceId, operation: OperationId) -> Error {
    let name = names::bucket(instance);
    let what = format!("what operation {operation} restored for bucket '{name}'");
    missing(client.access, what)
}

/// From the first step to the last; each bears repetition.
pub(super) async fn go_on(
    client: &Client<'_>,
    instance: InstanceId,
    filler: &Filler,
    old: &str,
) -> Result<(), Error> {
    let name = names::bucket(instance);
    let mut owned = owned(client, filler).await?;
    let at = owned.iter().position(|bucket| bucket.id != old);
    let fresh = at.map(|at| owned.swap_remove(at));
    let fresh = fresh.ok_or_else(|| not_restored(client, instance, filler.operation))?;
    let keys = keys_of(client, instance).await?;
    let steward = keys.iter().find(|key| key.steward_of(instance).is_some());
    let steward = steward.ok_or_else(|| missing(client.access, format!("the key of '{name}'")))?;
    if let Some(live) = bucket::by_id(client, old).await? {
        settings(client, old, &fresh.id).await?;
        for key in &keys {
            if key.binding_of(instance).is_some() {
                bucket::set_rights(client, &fresh, &key.id, TENANT).await?;
            }
        }
        // A bucket must have one name at least.
        alias(
            client,
            "AddBucketAlias",
            old,
            &[("accessKeyId", &filler.key), ("localAlias", OLD)],
        )
        .await?;
        if live.global_aliases.contains(&name) {
            alias(client, "RemoveBucketAlias", old, &[("globalAlias", &name)]).await?;
        }
    }
    alias(
        client,
        "AddBucketAlias",
        &fresh.id,
        &[("globalAlias", &name)],
    )
    .await?;
    // What the steward calls by that name comes before what everybody does.
    let own = [("accessKeyId", steward.id.as_str()), ("localAlias", &name)];
    if bucket::by_id(client, old).await?.is_some() {
        alias(client, "RemoveBucketAlias", old, &own).await?;
    }
    bucket::set_rights(client, &fresh, &steward.id, OWNER).await?;
    alias(client, "AddBucketAlias", &fresh.id, &own).await?;
    if let Some(live) = bucket::by_id(client, old).await? {
        for key in &live.keys {
            if key.access_key_id != filler.key {
                bucket::set_rights(client, &live, &key.access_key_id, NOBODY).await?;
            }
        }
        let storage = Storage::named(client, OLD, &filler.key).await?;
        erase(client, &live, &storage).await?;
    }
    if let Mark::Instance {
        connection_limit, ..
    } = steward.mark
    {
        let mark = Mark::Instance {
            instance,
            connection_limit,
            restored: Some(filler.operation),
        };
        keys::set(client, &steward.id, &mark.text(&steward.comment)).await?;
    }
    keys::delete(client, &filler.key).await
}

/// Adds or removes a name, which may have been done before.
async fn alias(
    client: &Client<'_>,
    call: &str,
    bucket: &str,
    name: &[(&str, &str)],
) -> Result<(), Error> {
    let found: Value = client
        .look(LOOK, &format!("GetBucketInfo?id={bucket}"))
        .await?;
    let is_there = has_alias(&found, name);
    if is_there == (call == "AddBucketAlias") {
        return Ok(());
    }
    let mut body = json!({ "bucketId": bucket });
    for (field, value) in name {
        body[*field] = json!(value);
    }
    let _: Bucket = client.post(CREATE, call, &body).await?;
    Ok(())
}

fn has_alias(bucket: &Value, name: &[(&str, &str)]) -> bool {
    let contains = |list: &Value, name: &str| {
        let names = list.as_array().into_iter().flatten();
        names.filter_map(Value::as_str).any(|found| found == name)
    };
    match name {
        [("globalAlias", name)] => contains(&bucket["globalAliases"], name),
        [("accessKeyId", key), ("localAlias", name)] => {
            let keys = bucket["keys"].as_array().into_iter().flatten();
            keys.filter(|found| found["accessKeyId"] == **key)
                .any(|found| contains(&found["bucketLocalAliases"], name))
        }
        _ => false,
    }
}

/// Gives one bucket what was set at another: limits, rules, and whether everybody may read it.
async fn settings(client: &Client<'_>, from: &str, to: &str) -> Result<(), Error> {
    let live: Value = client
        .look(LOOK, &format!("GetBucketInfo?id={from}"))
        .await?;
    let mut body = json!({ "quotas": live["quotas"] });
    for rules in ["lifecycleRules", "corsRules"] {
        if live[rules].is_array() {
            body[rules] = live[rules].clone();
        }
    }
    body["websiteAccess"] = if live["websiteAccess"] == true {
        let config = &live["websiteConfig"];
        json!({
            "enabled": true,
            "indexDocument": config["indexDocument"],
            "errorDocument": config["errorDocument"],
        })
    } else {
        json!({ "enabled": false })
    };
    let path = format!("UpdateBucket?id={to}");
    let _: Bucket = client.post(RIGHTS, &path, &body).await?;
    Ok(())
}
