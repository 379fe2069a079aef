//! `windlass releases` and `windlass rollback`.

use serde_json::{Value, json};

use super::deploy::follow_deployment;
use crate::client::Client;
use crate::command::{Rollback, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::{output, scope};

pub(super) fn list(
    client: &Client,
    server: &Server,
    scope: &Scope,
    environment: Option<&str>,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, environment)?;
    let items = client.list(&format!(
        "/apps/v3/environments/{}/releases/",
        environment.id
    ))?;
    if server.json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let services: Vec<String> = item["services"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|service| cell(&service["prefix"]))
            .collect();
        vec![
            cell(&item["number"]),
            if item["is_running"] == true {
                "running".to_owned()
            } else {
                "-".to_owned()
            },
            item["commit"].as_str().map_or_else(
                || "-".to_owned(),
                |commit| commit.chars().take(12).collect(),
            ),
            services.join(" "),
            cell(&item["created_at"]),
        ]
    };
    output::table(
        &["RELEASE", "STATE", "COMMIT", "SERVICES", "CREATED"],
        &items.iter().map(row).collect::<Vec<_>>(),
    )
}

pub(super) fn rollback(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: &Rollback,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, Some(&verb.environment))?;
    let path = format!("/apps/v3/environments/{}/rollback/", environment.id);
    let begun = client.post(&path, &json!({"release": verb.release}))?;
    follow_deployment(client, server, &environment, &begun, verb.detach)
}
