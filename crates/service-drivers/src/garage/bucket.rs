//! Buckets as the server has them.

use serde::Deserialize;
use serde_json::{Value, json};
use windlass_services::Error;

use super::client::Client;
use super::keys::Permissions;
use super::limits::{CREATE, LOOK, RIGHTS};

/// A bucket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bucket {
    pub(super) id: String,
    pub(super) global_aliases: Vec<String>,
    pub(super) keys: Vec<BucketKey>,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    #[serde(default)]
    pub(super) unfinished_multipart_upload_bytes: u64,
    #[serde(default)]
    pub(super) lifecycle_rules: Option<Vec<Value>>,
    #[serde(default)]
    pub(super) website_access: bool,
}

/// A key with rights in a bucket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BucketKey {
    pub(super) access_key_id: String,
    pub(super) permissions: Permissions,
}

/// The bucket of that id.
pub(super) async fn by_id(client: &Client<'_>, id: &str) -> Result<Option<Bucket>, Error> {
    client.find(LOOK, &format!("GetBucketInfo?id={id}")).await
}

/// The bucket of that name.
pub(super) async fn by_name(client: &Client<'_>, name: &str) -> Result<Option<Bucket>, Error> {
    client
        .find(LOOK, &format!("GetBucketInfo?globalAlias={name}"))
        .await
}

/// Makes a bucket that the key owns, in one request. It fails if there is one of that name.
pub(super) async fn create(client: &Client<'_>, name: &str, owner: &str) -> Result<Bucket, Error> {
    let body = json!({
        "globalAlias": name,
        "localAlias": {
            "accessKeyId": owner,
            "alias": name,
            "allow": { "read": true, "write": true, "owner": true },
        },
    });
    client.post(CREATE, "CreateBucket", &body).await
}

/// Gives the bucket a name that it lost.
pub(super) async fn name(client: &Client<'_>, bucket: &str, name: &str) -> Result<Bucket, Error> {
    let body = json!({ "bucketId": bucket, "globalAlias": name });
    client.post(CREATE, "AddBucketAlias", &body).await
}

/// Gives a key these rights in a bucket and takes the others from it.
pub(super) async fn set_rights(
    client: &Client<'_>,
    bucket: &Bucket,
    key: &str,
    wanted: Permissions,
) -> Result<(), Error> {
    let change = |permissions: Permissions| {
        json!({
            "bucketId": bucket.id,
            "accessKeyId": key,
            "permissions": {
                "read": permissions.read,
                "write": permissions.write,
                "owner": permissions.owner,
            },
        })
    };
    let found = bucket.keys.iter().find(|found| found.access_key_id == key);
    if let Some(found) = found {
        let surplus = Permissions {
            read: found.permissions.read && !wanted.read,
            write: found.permissions.write && !wanted.write,
            owner: found.permissions.owner && !wanted.owner,
        };
        if surplus.read || surplus.write || surplus.owner {
            let _: Bucket = client
                .post(RIGHTS, "DenyBucketKey", &change(surplus))
                .await?;
        }
    }
    let _: Bucket = client
        .post(RIGHTS, "AllowBucketKey", &change(wanted))
        .await?;
    Ok(())
}
