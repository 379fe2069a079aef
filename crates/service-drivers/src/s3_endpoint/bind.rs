//! Making a binding.

use http::{Method, StatusCode};
use secrecy::SecretString;
use tokio::time::Instant;
use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::client::{Ask, Client};
use super::credential::{Credential, Key};
use super::failure::{conflict, failed, unsupported, words};
use super::limits::{LOOK, POLL, RIGHTS, SETTLES};
use super::policy::{self, Mark, Rights};
use super::seal::{open, seal};
use super::state::existing;
use super::{bucket, names, users};

pub(super) async fn bind(
    client: &Client<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<Option<SecretString>, Error> {
    existing(client, spec.instance).await?;
    let name = names::bucket(spec.instance);
    let user = names::user(spec.instance, binding.generation);
    let rights = Rights {
        partition: client.place.partition,
        bucket: &name,
        is_closed: bucket::is_closed(client, &name).await?,
    };
    let mut found = users::policy(client, &user).await?;
    if found.is_none() && !users::create(client, &user).await? {
        // It was there, and what it has may not have been seen yet.
        found = users::policy(client, &user).await?;
    }
    let sealed = match found.as_ref().map(Mark::parse) {
        None => None,
        Some(Some(Mark::Binding {
            binding: of,
            sealed,
        })) if of == binding.binding => sealed,
        Some(_) => {
            let reason = "its policy bears another mark than this binding's";
            let what = format!("user '{user}' of generation {}", binding.generation);
            return Err(conflict(client.access, what, reason.to_owned()));
        }
    };
    let known = sealed
        .as_deref()
        .and_then(|sealed| open(&binding.password, binding.binding, sealed));
    let ids = users::keys(client, &user).await?.unwrap_or_default();
    // What nobody knows the secret of: its answer was lost, or it belongs to another password.
    let known = known.filter(|key| ids.contains(&key.id));
    for id in &ids {
        if known.as_ref().is_none_or(|key| key.id != *id) {
            users::delete_key(client, &user, id).await?;
        }
    }
    let sealed = sealed.filter(|_| known.is_some());
    let wanted = policy::of_binding(binding.binding, sealed.as_deref(), rights);
    if found.as_ref() != Some(&wanted) {
        users::set_policy(client, &user, &wanted).await?;
    }
    let key = match known {
        Some(key) => key,
        None => made(client, &user, binding, rights).await?,
    };
    until_it_works(client, &name, &key).await?;
    Ok(Some(Credential::of(client.place, &name, key).url()))
}

/// A new key, whose secret is kept, sealed, before anything is said of it.
async fn made(
    client: &Client<'_>,
    user: &str,
    binding: &BindingSpec,
    rights: Rights<'_>,
) -> Result<Key, Error> {
    let key = users::create_key(client, user).await?;
    let sealed = seal(&binding.password, binding.binding, &key).ok_or_else(|| {
        let reason = "there is no randomness to seal the key with";
        failed(client.access, RIGHTS, reason.to_owned())
    })?;
    let document = policy::of_binding(binding.binding, Some(&sealed), rights);
    users::set_policy(client, user, &document).await?;
    Ok(key)
}

/// A key that was made just now, and its rights, may be unknown for some seconds to those of the service who check
/// signatures.
async fn until_it_works(client: &Client<'_>, name: &str, key: &Key) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        let ask = Ask::bucket(Method::GET, name, &bucket::PROBE);
        let answer = client.look_as(LOOK, ask, key).await?;
        if answer.status.is_success() {
            return is_held_to_its_rights(client, name, key).await;
        }
        if answer.status != StatusCode::FORBIDDEN || started.elapsed() > SETTLES {
            let reason = format!("the new key is refused: {}", words(&answer));
            return Err(failed(client.access, LOOK, reason));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// There are endpoints that take policies and do not mind them: at such a one every key would open every bucket.
async fn is_held_to_its_rights(client: &Client<'_>, name: &str, key: &Key) -> Result<(), Error> {
    let ask = Ask::bucket(Method::GET, name, &[("policy", "")]);
    let answer = client.look_as(LOOK, ask, key).await?;
    if answer.status == StatusCode::FORBIDDEN {
        return Ok(());
    }
    let reason = "it does not hold keys to the policies of their users, so that it cannot keep bindings apart; use an \
                  external service with a bucket and keys made by hand";
    Err(unsupported(client.access, reason.to_owned()))
}
