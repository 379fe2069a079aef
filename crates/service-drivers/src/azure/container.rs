//! Containers, and the mark in their metadata, which tenants can neither see nor change.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use windlass_model::id::{InstanceId, short};
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::{conflict, failed, is, missing, refusal};
use super::limits::{CLEARED_UP, CREATE, DELETE, LIST, LOOK, PAGE, POLL};
use super::names;
use crate::http::Answer;
use crate::http::xml;

/// The id of the instance that a container is of.
const INSTANCE: &str = "x-ms-meta-windlass_instance";
/// What it was made with.
const CONNECTIONS: &str = "x-ms-meta-windlass_connections";
/// For people.
const COMMENT: &str = "x-ms-meta-windlass_comment";
const KIND: (&str, &str) = ("restype", "container");

/// Whose a container is, and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) instance: InstanceId,
    pub(super) connection_limit: u32,
    /// As it stands in the metadata.
    comment: String,
}

impl Mark {
    pub(super) fn of(instance: InstanceId, connection_limit: u32, comment: &str) -> Self {
        Self {
            instance,
            connection_limit,
            comment: in_header(comment),
        }
    }

    fn read(answer: &Answer) -> Option<Self> {
        Some(Self {
            instance: answer.header(INSTANCE)?.parse().ok()?,
            connection_limit: answer.header(CONNECTIONS)?.parse().ok()?,
            comment: answer.header(COMMENT).unwrap_or_default().to_owned(),
        })
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (INSTANCE, self.instance.to_string()),
            (CONNECTIONS, self.connection_limit.to_string()),
        ];
        // A value that is empty is refused.
        if !self.comment.is_empty() {
            headers.push((COMMENT, self.comment.clone()));
        }
        headers
    }
}

/// A comment as a header takes it: what is not ASCII, and blanks, which are signed in another form than they are sent,
/// percent-encoded.
fn in_header(comment: &str) -> String {
    let mut text = String::with_capacity(comment.len());
    for byte in comment.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string takes everything");
        }
    }
    text
}

/// The instance's container, if it is there; one of its name that is not its own is a conflict.
pub(super) async fn find(client: &Client<'_>, instance: InstanceId) -> Result<Option<Mark>, Error> {
    let name = names::container(instance);
    let ask = Ask::container(Method::GET, &name, &[KIND]);
    let answer = client.look(LOOK, ask).await?;
    if is_absent(&answer) {
        return Ok(None);
    }
    client.accepted(LOOK, &answer)?;
    let mark = Mark::read(&answer).filter(|mark| mark.instance == instance);
    let mark = mark.ok_or_else(|| {
        let reason = "its metadata has no mark of this instance";
        conflict(
            client.access,
            format!("container '{name}'"),
            reason.to_owned(),
        )
    })?;
    Ok(Some(mark))
}

/// A container that must be there.
pub(super) async fn existing(client: &Client<'_>, instance: InstanceId) -> Result<Mark, Error> {
    let found = find(client, instance).await?;
    found.ok_or_else(|| {
        let name = names::container(instance);
        missing(client.access, format!("container '{name}'"))
    })
}

/// Makes a container with its mark, in one request; one that is there already is left as it is. Waits while a deleted one
/// of that name is being cleared up.
pub(super) async fn create(client: &Client<'_>, mark: &Mark) -> Result<(), Error> {
    let name = names::container(mark.instance);
    let started = tokio::time::Instant::now();
    loop {
        let mut ask = Ask::container(Method::PUT, &name, &[KIND]);
        ask.headers = mark.headers();
        let answer = client.act(CREATE, ask).await?;
        if answer.status.is_success() || is(&answer, &["ContainerAlreadyExists"]) {
            return Ok(());
        }
        if !is(&answer, &["ContainerBeingDeleted"]) {
            return Err(refusal(client.access, CREATE, &answer));
        }
        if started.elapsed() > CLEARED_UP {
            let reason = format!(
                "a deleted container '{name}' is still being cleared up after {CLEARED_UP:?}; Azure keeps its name so long"
            );
            return Err(failed(client.access, CREATE, reason));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Writes the mark again, the comment in it.
pub(super) async fn set_mark(client: &Client<'_>, mark: &Mark) -> Result<(), Error> {
    let name = names::container(mark.instance);
    let mut ask = Ask::container(Method::PUT, &name, &[KIND, ("comp", "metadata")]);
    ask.headers = mark.headers();
    let answer = client.act(CREATE, ask).await?;
    client.accepted(CREATE, &answer)
}

/// Deletes a container with all that is in it; `Ok(false)` if somebody else has a lease on it.
pub(super) async fn delete(
    client: &Client<'_>,
    instance: InstanceId,
    is_leased: bool,
) -> Result<bool, Error> {
    let name = names::container(instance);
    let mut ask = Ask::container(Method::DELETE, &name, &[KIND]);
    if is_leased {
        ask.headers = vec![("x-ms-lease-id", client.lease.to_string())];
    }
    let answer = client.act(DELETE, ask).await?;
    if is(
        &answer,
        &[
            "LeaseIdMissing",
            "LeaseNotPresentWithContainerOperation",
            "LeaseIdMismatchWithContainerOperation",
            "LeaseLost",
        ],
    ) {
        return Ok(false);
    }
    // Or somebody else has deleted it meanwhile.
    if !is_absent(&answer) {
        client.accepted(DELETE, &answer)?;
    }
    Ok(true)
}

/// The short ids of the instances that have a container with our mark.
pub(super) async fn list(client: &Client<'_>) -> Result<Vec<String>, Error> {
    let mut listed = Vec::new();
    let mut marker = String::new();
    loop {
        let query = [
            ("comp", "list"),
            ("include", "metadata"),
            ("marker", marker.as_str()),
            ("maxresults", PAGE),
            ("prefix", names::PREFIX),
        ];
        let answer = client.look(LIST, Ask::of(Method::GET, &query)).await?;
        client.accepted(LIST, &answer)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for container in xml::all(&text, "Container") {
            let id = xml::first(container, "windlass_instance");
            let Some(instance) = id.and_then(|id| id.parse::<InstanceId>().ok()) else {
                continue;
            };
            if xml::first(container, "Name") == Some(&names::container(instance)) {
                listed.push(short(instance));
            }
        }
        match xml::first(&text, "NextMarker") {
            Some(next) if !next.is_empty() => marker = xml::unescaped(next),
            _ => return Ok(listed),
        }
    }
}

/// Whether it is the service that says that there is no such container, deleted ones included.
pub(super) fn is_absent(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_FOUND && is(answer, &["ContainerNotFound"])
        || is(answer, &["ContainerBeingDeleted"])
}

#[cfg(test)]
mod tests {
    use super::in_header;

    #[test]
    fn comments_have_no_blanks_and_no_other_letters() {
        for (comment, wanted) in [
            ("shop/test/DEFAULT", "shop/test/DEFAULT"),
            ("it's a \\ \"test\"", "it's%20a%20\\%20\"test\""),
            ("é %\n", "%C3%A9%20%25%0A"),
            ("", ""),
        ] {
            assert_eq!(in_header(comment), wanted);
        }
    }
}
