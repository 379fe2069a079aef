//! Making an instance.

use serde::Deserialize;
use serde_json::{Value, json};
use windlass_model::percent::encode;
use windlass_services::{Error, InstanceSpec};

use super::client::Client;
use super::failure::{conflict, failed};
use super::limits::{CREATE, DELETE, LOOK, MOST_BYTES_IN_A_QUEUE, MOST_QUEUES, RIGHTS};
use super::names::{InstanceMark, TAG, vhost};
use super::objects::{existing, find, path};

/// The exchanges that the server makes in every virtual host, and nobody else can.
const EXCHANGES: [&str; 6] = [
    "",
    "amq.direct",
    "amq.fanout",
    "amq.headers",
    "amq.match",
    "amq.topic",
];
/// The name of our operator policy in a virtual host.
const POLICY: &str = "windlass";

/// An exchange or a queue.
#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

pub(super) async fn provision(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let name = vhost(spec.instance);
    if let Some((_, mark)) = find(client, spec.instance).await?
        && mark.connection_limit != spec.connection_limit
    {
        let reason = format!(
            "it was made with {} connections, not {}",
            mark.connection_limit, spec.connection_limit
        );
        let what = format!("virtual host '{name}'");
        return Err(conflict(client.access, what, reason));
    }
    // The whole of it each time: what is left out would be reset.
    let description = InstanceMark::text(spec.instance, spec.connection_limit, &spec.comment);
    let body = json!({ "description": description, "tags": TAG });
    client.put(CREATE, &path(spec.instance), &body).await?;
    if !has_exchanges(client, &name).await? {
        make_again(client, spec, &body).await?;
    }

    for (limit, value) in [
        ("max-connections", spec.connection_limit),
        ("max-queues", MOST_QUEUES),
    ] {
        let path = format!("vhost-limits/{name}/{limit}");
        client
            .put(RIGHTS, &path, &json!({ "value": value }))
            .await?;
    }
    // Tenants can set policies of their own, but not more than an operator's.
    let policy = json!({
        "pattern": ".*",
        "definition": { "max-length-bytes": MOST_BYTES_IN_A_QUEUE },
        "apply-to": "queues",
        "priority": 0,
    });
    let path = format!("operator-policies/{name}/{POLICY}");
    client.put(RIGHTS, &path, &policy).await?;
    run(client, spec).await
}

/// Whether it has what the server makes last in a new virtual host, and deletes before it deletes the
/// virtual host. The server stops in the middle when the client that asked for it is gone.
async fn has_exchanges(client: &Client<'_>, name: &str) -> Result<bool, Error> {
    let found: Vec<Named> = client
        .look(LOOK, &format!("exchanges/{name}?columns=name"))
        .await?;
    let mut needed = EXCHANGES.iter();
    Ok(needed.all(|needed| found.iter().any(|exchange| exchange.name == *needed)))
}

/// Only deleting it helps: such exchanges can be made in no other way. Without them nothing was ever
/// published; what has queues all the same is left to people.
async fn make_again(client: &Client<'_>, spec: &InstanceSpec, body: &Value) -> Result<(), Error> {
    let name = vhost(spec.instance);
    let queues: Vec<Named> = client
        .look(LOOK, &format!("queues/{name}?columns=name"))
        .await?;
    if queues.is_empty() {
        client.delete(DELETE, &path(spec.instance)).await?;
        client.put(CREATE, &path(spec.instance), body).await?;
        if has_exchanges(client, &name).await? {
            return Ok(());
        }
    }
    let reason = format!(
        "virtual host '{name}' has {} queues but lacks exchanges that every virtual host has",
        queues.len()
    );
    Err(failed(client.access, CREATE, reason))
}

/// Sees to it that it runs: the node may have been stopped after it had written down that there is such a
/// virtual host and before it had started it.
async fn run(client: &Client<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let (made, _) = existing(client, spec.instance).await?;
    for node in made.stopped() {
        let path = format!("{}/start/{}", path(spec.instance), encode(node));
        client.post(CREATE, &path).await?;
    }
    let (made, _) = existing(client, spec.instance).await?;
    made.usable(client.access)
}
