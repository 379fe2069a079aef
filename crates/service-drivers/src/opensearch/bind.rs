//! Making a binding.

use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::client::Client;
use super::failure::{conflict, failed};
use super::hash::hashed;
use super::limits::RIGHTS;
use super::names::{role, user};
use super::objects::{existing, find_user, user_path};

pub(super) async fn bind(
    client: &Client<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<(), Error> {
    existing(client, spec.instance).await?;
    let name = user(spec.instance, binding.generation);
    let found = find_user(client, spec.instance, &name).await?;
    if found.is_some_and(|found| found != binding.binding) {
        let reason = "it bears the mark of another binding".to_owned();
        return Err(conflict(client.access, format!("user '{name}'"), reason));
    }
    let password = binding.password.clone();
    let cost = client.flavour.hashing_cost();
    let hashing = tokio::task::spawn_blocking(move || hashed(&password, cost)).await;
    let hash = hashing
        .map_err(|error| error.to_string())
        .and_then(|hash| hash)
        .map_err(|reason| failed(client.access, RIGHTS, reason))?;
    let body = client
        .flavour
        .user(&hash, &role(spec.instance), spec.instance, binding.binding);
    client.put(RIGHTS, &user_path(client, &name), &body).await
}
