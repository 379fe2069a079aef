//! Making a binding.

use http::StatusCode;
use secrecy::SecretString;
use windlass_services::{BindingSpec, Error, InstanceSpec};

use super::client::Client;
use super::container::existing;
use super::failure::{conflict, failed, full, words};
use super::limits::{LOOK, MOST_POLICIES, POLICY_HOLDS, POLL};
use super::names::{self, Policy};
use super::policies::{self, Stored};
use super::sas;

pub(super) async fn bind(
    client: &Client<'_>,
    spec: &InstanceSpec,
    binding: &BindingSpec,
) -> Result<Option<SecretString>, Error> {
    existing(client, spec.instance).await?;
    let container = names::container(spec.instance);
    let wanted = Policy::of(binding.generation, binding.binding, &binding.password);
    policies::change(client, &container, |now| wished(client, now, &wanted)).await?;
    let url = sas::url(&client.account, &container, &wanted.id());
    until_it_holds(client, &url).await?;
    Ok(Some(SecretString::from(url)))
}

/// The policies with this one, which takes the place of those that its binding had with other passwords.
fn wished(client: &Client<'_>, now: &[Stored], wanted: &Policy) -> Result<Vec<Stored>, Error> {
    let mut wished = Vec::new();
    let mut is_there = false;
    for stored in now {
        match stored {
            Stored::Ours { policy, .. } if policy.generation == wanted.generation => {
                if policy.binding != wanted.binding {
                    let what = format!("the access policy of generation {}", wanted.generation);
                    let reason = format!("policy '{}' is another binding's", policy.id());
                    return Err(conflict(client.access, what, reason));
                }
                if policy == wanted {
                    // In its place, for their order is no difference.
                    wished.push(Stored::whole(wanted.clone()));
                    is_there = true;
                }
            }
            other => wished.push(other.clone()),
        }
    }
    if !is_there {
        wished.push(Stored::whole(wanted.clone()));
    }
    if wished.len() <= MOST_POLICIES {
        return Ok(wished);
    }
    let foreign = now
        .iter()
        .filter(|stored| matches!(stored, Stored::Foreign(_)));
    let foreign = foreign.count();
    let reason = format!(
        "a container has {MOST_POLICIES} stored access policies at most, one for each binding; this one has {} of \
         bindings and {foreign} of others: revoke a binding that is not used any more",
        now.len() - foreign
    );
    Err(full(client.access, reason))
}

/// A policy that was set may be unknown for half a minute to those of the service who check signatures.
async fn until_it_holds(client: &Client<'_>, url: &str) -> Result<(), Error> {
    let started = tokio::time::Instant::now();
    loop {
        let answer = client.look_as_tenant(LOOK, probe(url)).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        if answer.status != StatusCode::FORBIDDEN || started.elapsed() > POLICY_HOLDS {
            let reason = format!("the new signature is refused: {}", words(&answer));
            return Err(failed(client.access, LOOK, reason));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What the owner of such a URL may ask: for the name of one blob.
pub(super) fn probe(url: &str) -> String {
    format!("{url}&restype=container&comp=list&maxresults=1")
}
