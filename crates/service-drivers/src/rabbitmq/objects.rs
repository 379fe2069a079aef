//! Virtual hosts and users as the server has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::client::Client;
use super::failure::{conflict, failed, missing};
use super::limits::LOOK;
use super::names::{InstanceMark, binding_mark_of, is_user_of, vhost};

/// A virtual host.
#[derive(Debug, Deserialize)]
pub(super) struct VirtualHost {
    pub(super) name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    /// What it does on each node: `running`, or why not.
    #[serde(default)]
    cluster_state: BTreeMap<String, String>,
}

/// Where the newer versions have the description too.
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    description: Option<String>,
}

/// A user.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    #[serde(default)]
    pub(super) tags: Tags,
}

/// Tags: a list, and in answers of older versions one text with commas.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Tags {
    List(Vec<String>),
    Text(String),
}

impl Default for Tags {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Tags {
    pub(super) fn any(&self, mut matches: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::List(tags) => tags.iter().any(|tag| matches(tag)),
            Self::Text(tags) => tags.split(',').any(|tag| matches(tag.trim())),
        }
    }
}

/// The path of the instance's virtual host.
pub(super) fn path(instance: InstanceId) -> String {
    format!("vhosts/{}", vhost(instance))
}

/// The instance's virtual host if there is one; a conflict if it is anything else's.
pub(super) async fn find(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<Option<(VirtualHost, InstanceMark)>, Error> {
    let Some(found) = client.find::<VirtualHost>(LOOK, &path(instance)).await? else {
        return Ok(None);
    };
    match found.mark() {
        Some(mark) if mark.instance == instance => Ok(Some((found, mark))),
        _ => Err(conflict(
            client.access,
            format!("virtual host '{}'", found.name),
            "its description does not bear our mark".to_owned(),
        )),
    }
}

/// The same of an instance that must be there.
pub(super) async fn existing(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<(VirtualHost, InstanceMark), Error> {
    let found = find(client, instance).await?;
    found.ok_or_else(|| missing(client.access, format!("virtual host '{}'", vhost(instance))))
}

/// Every user that bears this instance's mark.
pub(super) async fn users(client: &Client<'_>, instance: InstanceId) -> Result<Vec<String>, Error> {
    let users: Vec<User> = client.look(LOOK, "users?columns=name,tags").await?;
    let own = users
        .into_iter()
        .filter(|user| is_user_of(instance, &user.name) && user.is_of(instance));
    Ok(own.map(|user| user.name).collect())
}

impl VirtualHost {
    pub(super) fn mark(&self) -> Option<InstanceMark> {
        let description = self
            .description
            .as_ref()
            .or(self.metadata.description.as_ref());
        InstanceMark::parse(description?)
    }

    /// The nodes on which it does not run: a node that was stopped while it made the virtual host, or
    /// whose message store broke.
    pub(super) fn stopped(&self) -> impl Iterator<Item = &str> {
        self.cluster_state
            .iter()
            .filter(|(_, state)| *state != "running")
            .map(|(node, _)| node.as_str())
    }

    /// Whether its users are let in.
    pub(super) fn usable(&self, access: &Access) -> Result<(), Error> {
        let stopped: Vec<_> = self.stopped().collect();
        if stopped.is_empty() {
            return Ok(());
        }
        let reason = format!(
            "virtual host '{}' does not run on {}",
            self.name,
            stopped.join(", ")
        );
        Err(failed(access, LOOK, reason))
    }
}

impl User {
    /// Whether it bears the mark of a binding of the instance.
    pub(super) fn is_of(&self, instance: InstanceId) -> bool {
        let mark = binding_mark_of(instance);
        self.tags.any(|tag| tag.starts_with(&mark))
    }
}

#[cfg(test)]
mod tests {
    use super::{User, VirtualHost};

    #[test]
    fn tags_are_read_in_both_forms() {
        for tags in [r#"["a","b"]"#, r#""a,b""#] {
            let user: User =
                serde_json::from_str(&format!(r#"{{"name":"x","tags":{tags}}}"#)).expect("a user");
            assert!(user.tags.any(|tag| tag == "b"), "{tags}");
            assert!(!user.tags.any(|tag| tag == "a,b"), "{tags}");
        }
        let user: User = serde_json::from_str(r#"{"name":"x"}"#).expect("a user");
        assert!(!user.tags.any(|_| true));
    }

    #[test]
    fn a_virtual_host_that_does_not_run_is_named() {
        let found: VirtualHost = serde_json::from_str(
            r#"{"name":"svc-a","cluster_state":{"rabbit@one":"running","rabbit@two":"stopped"}}"#,
        )
        .expect("a virtual host");
        assert_eq!(found.stopped().collect::<Vec<_>>(), ["rabbit@two"]);
        assert_eq!(found.mark(), None);
    }
}
