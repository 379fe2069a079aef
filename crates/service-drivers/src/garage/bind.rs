//! Making a binding.

use http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;
use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::bucket;
use super::client::Client;
use super::failure::conflict;
use super::keys::{self, Permissions};
use super::limits::RIGHTS;
use super::names::{Mark, key_id};
use super::state::existing;

/// Never the owner, who may delete the bucket, show it to the world and change who may use it.
const TENANT: Permissions = Permissions {
    read: true,
    write: true,
    owner: false,
};

pub(super) async fn bind(
    client: &Client<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let instance = spec.instance;
    let whole = existing(client, instance).await?;
    let id = key_id(instance, binding.generation, &binding.password);
    let mut before = Vec::new();
    for key in &whole.keys {
        match key.binding_of(instance) {
            Some((generation, of)) if generation == binding.generation => {
                if of != binding.binding {
                    let what = format!("the key of generation {generation}");
                    let reason = format!("access key '{}' bears another binding's mark", key.id);
                    return Err(conflict(client.access, what, reason));
                }
                before.push(key.id.as_str());
            }
            _ => {}
        }
    }
    let mark = Mark::Binding {
        instance,
        generation: binding.generation,
        binding: binding.binding,
    };
    let mark = mark.text("");
    if !before.contains(&id.as_str()) {
        import(client, &id, &mark, binding).await?;
    }
    keys::set(client, &id, &mark).await?;
    bucket::set_rights(client, &whole.bucket, &id, TENANT).await?;
    // The passwords before are no longer valid.
    for old in before {
        if old != id {
            keys::delete(client, old).await?;
        }
    }
    Ok(())
}

/// Makes the key with the id and the secret that the binding has.
async fn import(
    client: &Client<'_>,
    id: &str,
    mark: &str,
    binding: &BindingSpec,
) -> Result<(), Error> {
    let body = json!({
        "accessKeyId": id,
        "secretAccessKey": binding.password.expose_secret(),
        "name": mark,
    });
    let answer = client.attempt(RIGHTS, "ImportKey", &body).await?;
    if answer.status == StatusCode::CONFLICT {
        let reason = "a key of this id exists, or existed and was revoked, and the server never takes an id \
                      twice; a new binding has another";
        let what = format!("access key '{id}'");
        return Err(conflict(client.access, what, reason.to_owned()));
    }
    client.accepted(RIGHTS, &answer)
}
