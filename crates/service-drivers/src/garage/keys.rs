//! Access keys as the server has them.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use windlass_model::id::{BindingId, InstanceId};
use windlass_services::Error;

use super::client::Client;
use super::failure::missing;
use super::limits::{LOOK, PAGE, RIGHTS};
use super::names::Mark;

/// A key in a list.
#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) id: String,
    name: String,
}

/// A key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) id: String,
    pub(super) mark: Mark,
}

/// A key with what it may do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyInfo {
    pub(super) access_key_id: String,
    #[serde(default)]
    secret_access_key: Option<SecretString>,
    buckets: Vec<KeyBucket>,
}

#[derive(Debug, Deserialize)]
struct KeyBucket {
    id: String,
    permissions: Permissions,
}

/// What a key may do in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    pub(super) read: bool,
    #[serde(default)]
    pub(super) write: bool,
    #[serde(default)]
    pub(super) owner: bool,
}

impl KeyInfo {
    /// The bucket that it owns.
    pub(super) fn owned(&self) -> Option<&str> {
        let mut owned = self
            .buckets
            .iter()
            .filter(|bucket| bucket.permissions.owner);
        owned.next().map(|bucket| bucket.id.as_str())
    }
}

/// Every key that bears a mark of ours. A key that was made and then not used, because of a crash, is known by
/// nothing else; and the server's own search finds ten at most.
pub(super) async fn own(client: &Client<'_>) -> Result<Vec<Own>, Error> {
    let mut own = Vec::new();
    let mut path = format!("ListKeys?limit={PAGE}");
    loop {
        let page: Vec<Key> = client.look(LOOK, &path).await?;
        let is_last = page.len() < PAGE;
        // The next page begins with the last of this one.
        let last = page.last().map(|key| key.id.clone());
        for key in page {
            if let Some(mark) = Mark::parse(&key.name)
                && own.last().is_none_or(|before: &Own| before.id != key.id)
            {
                own.push(Own { id: key.id, mark });
            }
        }
        match last {
            Some(last) if !is_last => {
                let last = windlass_model::percent::encode(&last);
                path = format!("ListKeys?limit={PAGE}&offset={last}");
            }
            _ => return Ok(own),
        }
    }
}

impl Own {
    /// What the instance was made with, if this is its steward.
    pub(super) fn steward_of(&self, wanted: InstanceId) -> Option<u32> {
        match self.mark {
            Mark::Instance {
                instance,
                connection_limit,
            } if instance == wanted => Some(connection_limit),
            _ => None,
        }
    }

    /// The generation and the binding, if this is a key of one of the instance's.
    pub(super) fn binding_of(&self, wanted: InstanceId) -> Option<(u32, BindingId)> {
        match self.mark {
            Mark::Binding {
                instance,
                generation,
                binding,
            } if instance == wanted => Some((generation, binding)),
            _ => None,
        }
    }
}

/// What a key may do; nothing if there is none.
pub(super) async fn info(client: &Client<'_>, id: &str) -> Result<Option<KeyInfo>, Error> {
    let id = windlass_model::percent::encode(id);
    client.find(LOOK, &format!("GetKeyInfo?id={id}")).await
}

/// The secret of a steward, which the server keeps.
pub(super) async fn secret(client: &Client<'_>, id: &str) -> Result<SecretString, Error> {
    let path = format!(
        "GetKeyInfo?id={}&showSecretKey=true",
        windlass_model::percent::encode(id)
    );
    let found: Option<KeyInfo> = client.find(LOOK, &path).await?;
    let secret = found.and_then(|key| key.secret_access_key);
    secret.ok_or_else(|| missing(client.access, format!("access key '{id}'")))
}

/// Deletes a key, which is refused from then on. An id never comes back.
pub(super) async fn delete(client: &Client<'_>, id: &str) -> Result<(), Error> {
    let id = windlass_model::percent::encode(id);
    client.remove(RIGHTS, &format!("DeleteKey?id={id}")).await
}

/// Sets a key's name, and that it has no end and makes no buckets.
pub(super) async fn set(client: &Client<'_>, id: &str, name: &str) -> Result<(), Error> {
    let path = format!("UpdateKey?id={}", windlass_model::percent::encode(id));
    let body = json!({
        "name": name,
        "neverExpires": true,
        "deny": { "createBucket": true },
    });
    let _: KeyInfo = client.post(RIGHTS, &path, &body).await?;
    Ok(())
}
