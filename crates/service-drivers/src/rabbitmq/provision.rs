//! Making an instance.

use serde_json::json;
use windlass_model::percent::encode;
use windlass_services::{Error, InstanceSpec};

use super::client::Client;
use super::failure::conflict;
use super::limits::{CREATE, MOST_BYTES_IN_A_QUEUE, MOST_QUEUES, RIGHTS};
use super::names::{InstanceMark, TAG, vhost};
use super::objects::{existing, find, path};

/// The name of our operator policy in a virtual host.
const POLICY: &str = "windlass";

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
    let description =
        InstanceMark::text(spec.instance, spec.connection_limit, &spec.comment);
    let body = json!({ "description": description, "tags": TAG });
    client.put(CREATE, &path(spec.instance), &body).await?;

    for (limit, value) in [
        ("max-connections", spec.connection_limit),
        ("max-queues", MOST_QUEUES),
    ] {
        let path = format!("vhost-limits/{name}/{limit}");
        client.put(RIGHTS, &path, &json!({ "value": value })).await?;
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
