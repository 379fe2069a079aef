//! The lease on a container, which keeps others from changing its policies: other servers of Windlass, for calls of one
//! follow one another.

use http::Method;
use windlass_services::Error;

use super::client::{Ask, Client};
use super::container::is_absent;
use super::failure::{failed, is, missing, refusal};
use super::limits::{LEASE_FREE, LEASE_SECONDS, POLL, RIGHTS};

const QUERY: [(&str, &str); 2] = [("comp", "lease"), ("restype", "container")];

/// Takes the lease, or takes it up again if a call before has left it.
pub(super) async fn take(client: &Client<'_>, container: &str) -> Result<(), Error> {
    let started = tokio::time::Instant::now();
    loop {
        let mut ask = Ask::container(Method::PUT, container, &QUERY);
        ask.headers = vec![
            ("x-ms-lease-action", "acquire".to_owned()),
            ("x-ms-lease-duration", LEASE_SECONDS.to_string()),
            ("x-ms-proposed-lease-id", client.lease.to_string()),
        ];
        let answer = client.act(RIGHTS, ask).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        if is_absent(&answer) {
            return Err(missing(client.access, format!("container '{container}'")));
        }
        if !is(
            &answer,
            &["LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"],
        ) {
            return Err(refusal(client.access, RIGHTS, &answer));
        }
        if started.elapsed() > LEASE_FREE {
            let reason = format!(
                "somebody else has a lease on container '{container}', for longer than {LEASE_FREE:?}; break it if it is \
                 nobody's any more"
            );
            return Err(failed(client.access, RIGHTS, reason));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Gives the lease back. What came of that is of no interest: it ends by itself.
pub(super) async fn give_back(client: &Client<'_>, container: &str) {
    let mut ask = Ask::container(Method::PUT, container, &QUERY);
    ask.headers = vec![
        ("x-ms-lease-action", "release".to_owned()),
        ("x-ms-lease-id", client.lease.to_string()),
    ];
    drop(client.act(RIGHTS, ask).await);
}
