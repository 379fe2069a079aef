//! Whether a cluster can be used.

use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use windlass_services::Error;

use super::client::Client;
use super::failure::{is_not_found, unsupported, words};
use super::flavour::Flavour;
use super::limits::SETTINGS;
use super::names::PREFIX;
use super::objects::role_path;

/// The default of new indices' copies.
const COPIES: &str = "cluster.default_number_of_replicas";

#[derive(Debug, Deserialize)]
struct Greeting {
    version: Version,
}

#[derive(Debug, Deserialize)]
struct Version {
    number: String,
    /// What OpenSearch says and Elasticsearch does not.
    #[serde(default)]
    distribution: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Health {
    number_of_data_nodes: u32,
}

pub(super) async fn prepare(client: &Client<'_>) -> Result<(), Error> {
    is_supported(client).await?;
    is_administrator(client).await?;
    is_closed(client).await?;
    no_useless_copies(client).await
}

async fn is_supported(client: &Client<'_>) -> Result<(), Error> {
    let greeting: Greeting = client.look("").await?;
    let found = match greeting.version.distribution.as_deref() {
        Some("opensearch") => Some(Flavour::Opensearch),
        None => Some(Flavour::Elasticsearch),
        Some(_) => None,
    };
    let number = &greeting.version.number;
    // `-SNAPSHOT` and the like.
    let plain = number.split('-').next().unwrap_or(number);
    if found == Some(client.flavour) && client.flavour.supports(plain) {
        return Ok(());
    }
    let name = found.map_or("another server's", Flavour::title);
    let reason = format!(
        "it runs {name} {number}; {} of {}",
        client.flavour.supported(),
        client.flavour.title()
    );
    Err(unsupported(client.access, reason))
}

/// Whether it may look at roles, users and indices: who may look at the first two may also change them.
async fn is_administrator(client: &Client<'_>) -> Result<(), Error> {
    for path in [
        role_path(client, PREFIX),
        client.flavour.users().to_owned(),
        format!("_cat/indices/{PREFIX}*?format=json&expand_wildcards=all"),
        format!("_data_stream/{PREFIX}*"),
    ] {
        let answer = client.ask(&path).await?;
        if answer.status.is_success() || is_not_found(&answer) {
            continue;
        }
        let reason = if answer.status == StatusCode::FORBIDDEN {
            format!(
                "the user '{}' is no administrator ({}); {}",
                client.access.user,
                words(&answer),
                client.flavour.remedy()
            )
        } else {
            format!("it has no security plugin that works: {}", words(&answer))
        };
        return Err(unsupported(client.access, reason));
    }
    Ok(())
}

/// Refuses a server whose doors stand open, or are opened by everybody's password.
async fn is_closed(client: &Client<'_>) -> Result<(), Error> {
    if client.accepts(None).await? {
        let reason = "it answers without a password: switch anonymous access off".to_owned();
        return Err(unsupported(client.access, reason));
    }
    let (user, password) = client.flavour.known();
    let password = SecretString::from(password);
    if client.accepts(Some((user, &password))).await? {
        let reason = format!(
            "the user '{user}' logs in with the password that everybody knows: change it, or delete the user"
        );
        return Err(unsupported(client.access, reason));
    }
    Ok(())
}

/// On a single node a copy of an index has no place: it is never made, counts as one of the shards of which a node
/// takes a thousand, and shows every index as incomplete. Where somebody has chosen, their choice stays.
async fn no_useless_copies(client: &Client<'_>) -> Result<(), Error> {
    if client.flavour == Flavour::Elasticsearch {
        // Has no such default outside of templates.
        return Ok(());
    }
    let health: Health = client.look("_cluster/health").await?;
    if health.number_of_data_nodes != 1 {
        return Ok(());
    }
    let settings: Value = client.look("_cluster/settings?flat_settings=true").await?;
    let is_set = |scope: &str| {
        settings
            .get(scope)
            .is_some_and(|all| all.get(COPIES).is_some())
    };
    if is_set("persistent") || is_set("transient") {
        return Ok(());
    }
    let body = json!({ "persistent": { COPIES: 0 } });
    client.put(SETTINGS, "_cluster/settings", &body).await
}
