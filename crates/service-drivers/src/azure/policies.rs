//! The stored access policies of a container: one document.

use http::Method;
use windlass_services::Error;

use super::client::{Ask, Client};
use super::container::is_absent;
use super::failure::{failed, is, missing};
use super::lease;
use super::limits::{EXPIRY, LOOK, MOST_ROUNDS, PERMISSIONS, RIGHTS};
use super::names::Policy;
use crate::http::xml;

const QUERY: [(&str, &str); 2] = [("comp", "acl"), ("restype", "container")];

/// One of the policies of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    /// A binding's, with whether it allows what it should.
    Ours { policy: Policy, is_whole: bool },
    /// Somebody else's, as it was written.
    Foreign(String),
}

impl Stored {
    /// A binding's policy as it should be.
    pub(super) fn whole(policy: Policy) -> Self {
        Self::Ours {
            policy,
            is_whole: true,
        }
    }

    fn read(inner: &str) -> Self {
        let id = xml::first(inner, "Id").unwrap_or_default();
        match Policy::parse(id) {
            Some(policy) => {
                let permissions = xml::first(inner, "Permission").unwrap_or_default();
                let expiry = xml::first(inner, "Expiry").unwrap_or_default();
                // The service gives back dates in a form of its own, with fractions of a second.
                let day = EXPIRY.split('T').next().unwrap_or_default();
                let is_whole = permissions == PERMISSIONS
                    && expiry.starts_with(day)
                    && xml::first(inner, "Start").is_none_or(str::is_empty);
                Self::Ours { policy, is_whole }
            }
            None => Self::Foreign(inner.to_owned()),
        }
    }

    fn write(&self) -> String {
        let inner = match self {
            Self::Ours { policy, .. } => format!(
                "<Id>{}</Id><AccessPolicy><Expiry>{EXPIRY}</Expiry><Permission>{PERMISSIONS}</Permission></AccessPolicy>",
                policy.id()
            ),
            Self::Foreign(inner) => inner.clone(),
        };
        format!("<SignedIdentifier>{inner}</SignedIdentifier>")
    }
}

/// All of a container's policies; none of one that is absent.
pub(super) async fn read(
    client: &Client<'_>,
    container: &str,
) -> Result<Option<Vec<Stored>>, Error> {
    let ask = Ask::container(Method::GET, container, &QUERY);
    let answer = client.look(LOOK, ask).await?;
    if is_absent(&answer) {
        return Ok(None);
    }
    client.accepted(LOOK, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    Ok(Some(
        xml::all(&text, "SignedIdentifier")
            .map(Stored::read)
            .collect(),
    ))
}

/// Changes the policies, unless they are as wished; nobody else changes them meanwhile.
pub(super) async fn change(
    client: &Client<'_>,
    container: &str,
    wish: impl Fn(&[Stored]) -> Result<Vec<Stored>, Error>,
) -> Result<(), Error> {
    let gone = || missing(client.access, format!("container '{container}'"));
    let now = read(client, container).await?.ok_or_else(gone)?;
    if wish(&now)? == now {
        return Ok(());
    }
    for _ in 0..MOST_ROUNDS {
        lease::take(client, container).await?;
        let changed = change_under_lease(client, container, &wish).await;
        lease::give_back(client, container).await;
        if changed? {
            return Ok(());
        }
    }
    let reason = format!("the lease on container '{container}' was lost {MOST_ROUNDS} times");
    Err(failed(client.access, RIGHTS, reason))
}

/// `Ok(false)` if the lease had ended before anything was written.
async fn change_under_lease(
    client: &Client<'_>,
    container: &str,
    wish: &impl Fn(&[Stored]) -> Result<Vec<Stored>, Error>,
) -> Result<bool, Error> {
    let now = read(client, container).await?;
    let now = now.ok_or_else(|| missing(client.access, format!("container '{container}'")))?;
    let wished = wish(&now)?;
    let policies: String = wished.iter().map(Stored::write).collect();
    let mut ask = Ask::container(Method::PUT, container, &QUERY);
    // Without a word on public access it is private.
    ask.headers = vec![("x-ms-lease-id", client.lease.to_string())];
    ask.body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers>{policies}</SignedIdentifiers>"
    );
    let answer = client.act(RIGHTS, ask).await?;
    let lost = [
        "LeaseLost",
        "LeaseNotPresentWithContainerOperation",
        "LeaseIdMismatchWithContainerOperation",
    ];
    if is(&answer, &lost) {
        return Ok(false);
    }
    client.accepted(RIGHTS, &answer).map(|()| true)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use uuid::Uuid;
    use windlass_model::id::BindingId;

    use super::Stored;
    use crate::azure::names::Policy;

    #[test]
    fn policies_are_read_as_they_were_written_and_others_kept() {
        let binding = BindingId::from(Uuid::now_v7());
        let policy = Policy::of(3, binding, &SecretString::from("hush"));
        let whole = Stored::whole(policy.clone());
        let written = whole.write();
        let inner = written.trim_start_matches("<SignedIdentifier>");
        let inner = inner.trim_end_matches("</SignedIdentifier>");
        assert_eq!(Stored::read(inner), whole);
        let zeros = inner.replace("59Z", "59.0000000Z");
        assert_eq!(Stored::read(&zeros), whole, "as the service writes dates");
        for broken in [
            inner.replace("racwdl", "rl"),
            inner.replace("9999", "2027"),
            inner.replace("<Expiry>", "<Start>2999-01-01T00:00:00Z</Start><Expiry>"),
        ] {
            let found = Stored::read(&broken);
            let is_whole = false;
            let policy = policy.clone();
            assert_eq!(found, Stored::Ours { policy, is_whole }, "{broken}");
        }
        let other = "<Id>read&amp;only</Id><AccessPolicy><Permission>r</Permission></AccessPolicy>";
        let foreign = Stored::read(other);
        assert_eq!(foreign, Stored::Foreign(other.to_owned()));
        assert!(foreign.write().contains(other));
    }
}
