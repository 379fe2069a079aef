//! The server's nodes: what they run, what room they have, and who of them stores what.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use windlass_services::Error;

use super::client::Client;
use super::failure::{full, unreachable, unsupported};
use super::limits::{LAYOUT, LOOK, SMALLEST_FREE};
use super::version::{SUPPORTED, is_supported_server};

/// What the layout says that a node alone can hold. It divides among nodes and limits nothing.
const CAPACITY: u64 = 1 << 40;
const ZONE: &str = "windlass";

/// The nodes that the server knows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    layout_version: u64,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: String,
    is_up: bool,
    #[serde(default)]
    garage_version: Option<String>,
    #[serde(default)]
    data_partition: Option<Space>,
    #[serde(default)]
    metadata_partition: Option<Space>,
}

#[derive(Debug, Deserialize)]
struct Space {
    available: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    version: u64,
    staged_role_changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Change {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Health {
    status: String,
}

pub(super) async fn status(client: &Client<'_>) -> Result<Status, Error> {
    client.look(LOOK, "GetClusterStatus").await
}

impl Status {
    /// Every node that runs is of a version that is known to work.
    pub(super) fn is_supported(&self, client: &Client<'_>) -> Result<(), Error> {
        let running = self.nodes.iter().filter(|node| node.is_up);
        for version in running.filter_map(|node| node.garage_version.as_deref()) {
            if !is_supported_server(version) {
                let reason = format!("it runs Garage {version}; {SUPPORTED}");
                return Err(unsupported(client.access, reason));
            }
        }
        Ok(())
    }

    /// A disk that is full stops every tenant.
    pub(super) fn has_room(&self, client: &Client<'_>) -> Result<(), Error> {
        let spaces = self.nodes.iter().filter(|node| node.is_up);
        let spaces = spaces.flat_map(|node| [&node.data_partition, &node.metadata_partition]);
        let smallest = spaces.flatten().map(|space| space.available).min();
        match smallest {
            Some(free) if free < SMALLEST_FREE => {
                let reason = format!("its disk has {free} bytes left");
                Err(full(client.access, reason))
            }
            _ => Ok(()),
        }
    }

    /// Gives a new server that is alone its layout. What an operator began there, or has more nodes than one, is
    /// for the operator.
    pub(super) async fn ensure_layout(&self, client: &Client<'_>) -> Result<(), Error> {
        if self.layout_version > 0 {
            return Ok(());
        }
        let [node] = self.nodes.as_slice() else {
            let reason = format!(
                "its {} nodes have no layout; run: garage layout assign, and: garage layout apply",
                self.nodes.len()
            );
            return Err(unsupported(client.access, reason));
        };
        let staged: Layout = client.look(LOOK, "GetClusterLayout").await?;
        if staged
            .staged_role_changes
            .iter()
            .any(|change| change.id != node.id)
        {
            let reason =
                "its layout has changes of others that were not applied; run: garage layout apply";
            return Err(unsupported(client.access, reason.to_owned()));
        }
        let role = json!({
            "id": node.id, "zone": ZONE, "capacity": CAPACITY, "tags": [],
        });
        let body = json!({ "roles": [role] });
        let _: Layout = client.post(LAYOUT, "UpdateClusterLayout", &body).await?;
        let body = json!({ "version": staged.version + 1 });
        let answer = client.attempt(LAYOUT, "ApplyClusterLayout", &body).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        // Somebody else was faster, perhaps.
        let now: Layout = client.look(LOOK, "GetClusterLayout").await?;
        if now.version > staged.version {
            return Ok(());
        }
        client.accepted(LAYOUT, &answer)
    }
}

/// Whether enough nodes are there to read and write.
pub(super) async fn is_healthy(client: &Client<'_>) -> Result<(), Error> {
    let health: Health = client.look(LOOK, "GetClusterHealth").await?;
    if health.status == "unavailable" {
        return Err(unreachable(
            client.access,
            "too few of its nodes are connected (yet)",
        ));
    }
    Ok(())
}

/// The region that S3 goes by, which the server tells in its refusals: here of a request that does not say which
/// key it is about, and needs no layout.
pub(super) async fn region(client: &Client<'_>) -> Result<Option<String>, Error> {
    let answer = client.get(LOOK, "GetKeyInfo").await?;
    if answer.status != StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    let region = answer.json();
    let region = region.as_ref().and_then(|answer| answer.get("region"));
    Ok(region.and_then(Value::as_str).map(str::to_owned))
}
