//! Looking at instances.

use http::Method;
use windlass_model::id::InstanceId;
use windlass_services::{Error, Usage};

use super::client::{Ask, Client};
use super::container::existing;
use super::failure::{unexpected, unsupported};
use super::limits::{LIST, LOOK, MOST_PAGES, PAGE};
use super::names;
use crate::http::xml;

/// Whether the container is there, and what is in it can be listed.
pub(super) async fn check(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    existing(client, instance).await?;
    let name = names::container(instance);
    let query = [
        ("comp", "list"),
        ("maxresults", "1"),
        ("restype", "container"),
    ];
    let ask = Ask::container(Method::GET, &name, &query);
    let answer = client.look(LOOK, ask).await?;
    client.accepted(LOOK, &answer)
}

/// The bytes of all blobs and their snapshots, added up: the service counts them for the whole account and once a day
/// only. There are no connections, for each request is signed by itself.
pub(super) async fn usage(client: &Client<'_>, instance: InstanceId) -> Result<Usage, Error> {
    existing(client, instance).await?;
    let name = names::container(instance);
    let (mut bytes, mut marker) = (0_u64, String::new());
    for _ in 0..MOST_PAGES {
        let query = [
            ("comp", "list"),
            ("include", "snapshots"),
            ("marker", marker.as_str()),
            ("maxresults", PAGE),
            ("restype", "container"),
        ];
        let ask = Ask::container(Method::GET, &name, &query);
        let answer = client.look(LIST, ask).await?;
        client.accepted(LIST, &answer)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for length in xml::all(&text, "Content-Length") {
            let length: u64 = length
                .parse()
                .map_err(|_| unexpected(client.access, LIST, "a length that is no number"))?;
            bytes = bytes.saturating_add(length);
        }
        match xml::first(&text, "NextMarker") {
            Some(next) if !next.is_empty() => marker = xml::unescaped(next),
            _ => {
                return Ok(Usage {
                    bytes,
                    connections: 0,
                });
            }
        }
    }
    let reason = format!(
        "container '{name}' has more blobs than are added up ({MOST_PAGES} pages of {PAGE}); the metrics of the account \
         tell what they use"
    );
    Err(unsupported(client.access, reason))
}
