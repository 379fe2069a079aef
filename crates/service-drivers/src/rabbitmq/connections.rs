//! Connections of users. The server's own table of them is asked, which is exact at any moment; the
//! statistics, which other lists come from, lag by seconds.

use serde::Deserialize;
use tokio::time::{Instant, sleep};
use windlass_services::Error;

use super::client::Client;
use super::failure::failed;
use super::limits::{GOODBYE, LOOK, LOOK_AGAIN, SESSIONS};

#[derive(Debug, Deserialize)]
struct Connection {
    vhost: String,
}

/// A right of a user in a virtual host.
#[derive(Debug, Deserialize)]
struct Permission {
    user: String,
}

fn path(user: &str) -> String {
    format!("connections/username/{user}")
}

/// Ends every connection of these users, none of whom can log in any more, and returns when there is none.
/// Deleting a user makes the server say goodbye to its connections, but it does not wait for it, and one
/// that was connecting at that moment can come to light later. Who is still there after a while is told
/// again, which ends also those that do not answer.
pub(super) async fn end(client: &Client<'_>, users: &[String]) -> Result<(), Error> {
    let deadline = Instant::now() + SESSIONS.within;
    for user in users {
        let path = path(user);
        let mut tell_at = Instant::now() + GOODBYE;
        loop {
            let left: Vec<Connection> = client.look(SESSIONS, &path).await?;
            if left.is_empty() {
                break;
            }
            let now = Instant::now();
            if now >= deadline {
                let reason = format!("{} did not end within {:?}", left.len(), SESSIONS.within);
                return Err(failed(client.access, SESSIONS, reason));
            }
            if now >= tell_at {
                client.try_delete(SESSIONS, &path).await?;
                tell_at = now + GOODBYE;
            }
            sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// How many connections a user has open.
pub(super) async fn of_user(client: &Client<'_>, user: &str) -> Result<u32, Error> {
    let open: Vec<Connection> = client.look(LOOK, &path(user)).await?;
    Ok(u32::try_from(open.len()).unwrap_or(u32::MAX))
}

/// The connections that are open in a virtual host.
pub(super) async fn count(client: &Client<'_>, vhost: &str) -> Result<u32, Error> {
    let permissions: Option<Vec<Permission>> = client
        .find(LOOK, &format!("vhosts/{vhost}/permissions"))
        .await?;
    let mut count = 0;
    for permission in permissions.unwrap_or_default() {
        let user = windlass_model::percent::encode(&permission.user);
        let open: Vec<Connection> = client.look(LOOK, &path(&user)).await?;
        count += open
            .iter()
            .filter(|connection| connection.vhost == vhost)
            .count();
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
