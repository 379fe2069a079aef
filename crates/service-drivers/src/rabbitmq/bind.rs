//! Making a binding.

use serde_json::json;
use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::client::Client;
use super::failure::conflict;
use super::hash::{ALGORITHM, salted};
use super::limits::{LOOK, RIGHTS};
use super::names::{binding_mark, user, vhost};
use super::objects::{User, existing};

pub(super) async fn bind(
    client: &Client<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    existing(client, spec.instance).await?;
    let name = user(spec.instance, binding.generation);
    let mark = binding_mark(spec.instance, binding.binding);
    let path = format!("users/{name}");
    let found: Option<User> = client.find(LOOK, &path).await?;
    if found.is_some_and(|user| !user.tags.any(|tag| tag == mark)) {
        let reason = "its tags do not bear the mark of this binding".to_owned();
        return Err(conflict(client.access, format!("user '{name}'"), reason));
    }
    let body = json!({
        "password_hash": salted(&binding.password),
        "hashing_algorithm": ALGORITHM,
        "tags": mark,
    });
    client.put(RIGHTS, &path, &body).await?;
    let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
    let path = format!("permissions/{}/{name}", vhost(spec.instance));
    client.put(RIGHTS, &path, &all).await
}
