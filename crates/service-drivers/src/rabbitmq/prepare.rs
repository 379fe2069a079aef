//! Whether a cluster can be used.

use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use windlass_services::Error;

use super::client::Client;
use super::failure::{full, unreachable, unsupported, words};
use super::limits::LOOK;
use super::objects::User;
use super::version::{SUPPORTED, is_supported_server};

/// The user of every new server, with its name for a password.
const GUEST: &str = "guest";

#[derive(Debug, Deserialize)]
struct Overview {
    rabbitmq_version: String,
}

pub(super) async fn prepare(client: &Client<'_>) -> Result<(), Error> {
    is_administrator(client).await?;
    let overview: Overview = client
        .look(LOOK, "overview?columns=rabbitmq_version")
        .await?;
    let version = overview.rabbitmq_version;
    if !is_supported_server(&version) {
        let reason = format!("it runs RabbitMQ {version}; {SUPPORTED}");
        return Err(unsupported(client.access, reason));
    }
    is_listening(client).await?;
    guest_is_shut_out(client).await?;
    no_alarm(client).await
}

async fn is_administrator(client: &Client<'_>) -> Result<(), Error> {
    let own: User = client.look(LOOK, "whoami").await?;
    if own.tags.any(|tag| tag == "administrator") {
        return Ok(());
    }
    let user = &client.access.user;
    let reason = format!(
        "the user '{user}' is no administrator; run: rabbitmqctl set_user_tags '{user}' administrator"
    );
    Err(unsupported(client.access, reason))
}

/// The management API answers a moment before applications are let in.
async fn is_listening(client: &Client<'_>) -> Result<(), Error> {
    let answer = client
        .get(LOOK, "health/checks/protocol-listener/amqp")
        .await?;
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(unreachable(
            client.access,
            "it does not take AMQP connections (yet)",
        ));
    }
    Ok(())
}

/// Refuses a server whose doors everybody's password opens. It is not for us to delete the user: on an
/// operator's server, somebody may rely on it.
async fn guest_is_shut_out(client: &Client<'_>) -> Result<(), Error> {
    let found: Option<User> = client.find(LOOK, &format!("users/{GUEST}")).await?;
    if found.is_none() {
        return Ok(());
    }
    let password = SecretString::from(GUEST);
    if !client.accepts(LOOK, GUEST, &password).await? {
        return Ok(());
    }
    let reason = format!(
        "the user '{GUEST}' logs in with the password that everybody knows; run: rabbitmqctl delete_user {GUEST}"
    );
    Err(unsupported(client.access, reason))
}

/// One alarm, of memory or disk, stops every publisher of the cluster.
pub(super) async fn no_alarm(client: &Client<'_>) -> Result<(), Error> {
    let answer = client.get(LOOK, "health/checks/alarms").await?;
    if answer.status != StatusCode::SERVICE_UNAVAILABLE {
        return Ok(());
    }
    let found: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let resources: Vec<_> = found
        .as_ref()
        .and_then(|found| found.get("alarms"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|alarm| alarm.get("resource").and_then(Value::as_str))
        .collect();
    let reason = format!(
        "publishers are stopped by an alarm ({}): {}",
        resources.join(", "),
        words(&answer)
    );
    Err(full(client.access, reason))
}
