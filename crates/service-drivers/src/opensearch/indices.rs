//! The indices of an instance.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use windlass_model::id::InstanceId;
use windlass_model::percent::encode;
use windlass_services::Error;

use super::client::Client;
use super::failure::failed;
use super::limits::{DELETE, MOST_ROUNDS, PATH_BYTES};
use super::names::{backing_prefix, index_prefix, pattern};

/// An index.
#[derive(Debug, Deserialize)]
pub(super) struct Index {
    #[serde(rename = "index")]
    pub(super) name: String,
    /// `red` if a part of it is not to be had; nothing of one that is closed.
    #[serde(default)]
    pub(super) health: Option<String>,
    #[serde(default, rename = "store.size")]
    size: Option<String>,
}

impl Index {
    /// Bytes on disk, as far as is known.
    pub(super) fn bytes(&self) -> u64 {
        let size = self.size.as_ref();
        size.and_then(|size| size.parse().ok()).unwrap_or(0)
    }
}

#[derive(Debug, Deserialize)]
struct Streams {
    data_streams: Vec<Stream>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    name: String,
}

/// The instance's indices, closed and hidden ones included. The pattern finds aliases too, whose indices may be
/// anybody's: only those count that are named so themselves.
pub(super) async fn indices(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<Vec<Index>, Error> {
    let path = format!(
        "_cat/indices/{}?format=json&bytes=b&h=index,health,store.size&expand_wildcards=all",
        pattern(instance)
    );
    let mut found: Vec<Index> = client.find(&path).await?.unwrap_or_default();
    let (own, backing) = (index_prefix(instance), backing_prefix(instance));
    found.retain(|found| found.name.starts_with(&own) || found.name.starts_with(&backing));
    Ok(found)
}

/// The instance's indices that take nothing any more because the disk is full.
pub(super) async fn blocked(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<Vec<String>, Error> {
    let path = format!(
        "{}/_settings/index.blocks.read_only_allow_delete?expand_wildcards=all&flat_settings=true",
        pattern(instance)
    );
    let found: BTreeMap<String, Value> = client.find(&path).await?.unwrap_or_default();
    let own = index_prefix(instance);
    let is_blocked = |settings: &Value| {
        let settings = settings.get("settings");
        settings.and_then(|all| all.get("index.blocks.read_only_allow_delete"))
            == Some(&Value::from("true"))
    };
    let blocked = found
        .into_iter()
        .filter(|(name, settings)| name.starts_with(&own) && is_blocked(settings));
    Ok(blocked.map(|(name, _)| name).collect())
}

/// Deletes all of them, by their names. A request that was under way when its user was revoked may make another,
/// which the next round finds.
pub(super) async fn delete(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    for _ in 0..MOST_ROUNDS {
        for stream in streams(client, instance).await? {
            let path = format!("_data_stream/{}", encode(&stream));
            client.delete(DELETE, &path).await?;
        }
        let left = indices(client, instance).await?;
        if left.is_empty() {
            return Ok(());
        }
        for path in paths(left.iter().map(|left| left.name.as_str())) {
            client.delete(DELETE, &path).await?;
        }
    }
    let reason = format!("indices of '{}' come again and again", pattern(instance));
    Err(failed(client.access, DELETE, reason))
}

/// The data streams of that prefix: a tenant can make none, but an operator's template may for it.
async fn streams(client: &Client<'_>, instance: InstanceId) -> Result<Vec<String>, Error> {
    let path = format!("_data_stream/{}", pattern(instance));
    let found: Option<Streams> = client.find(&path).await?;
    let own = index_prefix(instance);
    let names = found.into_iter().flat_map(|found| found.data_streams);
    Ok(names
        .map(|stream| stream.name)
        .filter(|name| name.starts_with(&own))
        .collect())
}

/// Paths that name all of them, none too long for the server.
fn paths<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for name in names.map(encode) {
        match lists.last_mut() {
            Some(list) if list.len() + name.len() < PATH_BYTES => {
                list.push(',');
                list.push_str(&name);
            }
            _ => lists.push(name),
        }
    }
    let path = |list| format!("{list}?ignore_unavailable=true");
    lists.into_iter().map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::{PATH_BYTES, paths};

    #[test]
    fn all_names_are_in_paths_that_are_short_enough() {
        let names: Vec<String> = (0..100)
            .map(|n| format!("svc-a-{n}-ü{}", "x".repeat(240)))
            .collect();
        let paths = paths(names.iter().map(String::as_str));
        assert!(paths.iter().all(|path| path.len() < PATH_BYTES + 500));
        let found = paths.iter().flat_map(|path| {
            let list = path
                .strip_suffix("?ignore_unavailable=true")
                .expect("the option");
            list.split(',')
        });
        assert_eq!(found.count(), 100);
        assert!(paths[0].starts_with("svc-a-0-%C3%BCxxx"), "{}", paths[0]);
    }
}
