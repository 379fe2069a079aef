//! `windlass deployments`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{DeploymentVerb, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::scope::Environment;
use crate::{events, output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: DeploymentVerb,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, None)?;
    match verb {
        DeploymentVerb::List { limit } => list(client, server, &environment, limit),
        DeploymentVerb::Show { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            if server.json {
                return output::json(&item);
            }
            show(&item)
        }
        DeploymentVerb::Logs { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            let id = cell(&item["uuid"]);
            if server.json {
                return output::json(&client.get(&format!("/apps/v3/deployments/{id}/logs"))?);
            }
            let stream = client.stream(&format!("/apps/v3/deployments/{id}/logs/stream?from=0"))?;
            events::read(stream, |event| {
                if event.kind == "log" {
                    output::raw(event.data["text"].as_str().unwrap_or_default())?;
                }
                Ok(event.kind != "end")
            })
        }
        DeploymentVerb::Cancel { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            let cancelled = client.post(
                &format!("/apps/v3/deployments/{}/cancel/", cell(&item["uuid"])),
                &json!({}),
            )?;
            if server.json {
                return output::json(&cancelled);
            }
            output::line(&format!(
                "Deployment {} is being cancelled; nothing will have changed.",
                cell(&item["number"])
            ))
        }
    }
}

/// By id, by number, or the newest.
fn find(client: &Client, environment: &Environment, name: Option<&str>) -> Result<Value, Error> {
    let path = format!(
        "/apps/v3/deployments/?application={}&environment={}",
        environment.application.id, environment.id
    );
    let missing = || {
        Error::user(match name {
            Some(name) => format!("{} has no deployment {name}", environment.title()),
            None => format!("{} has not been deployed yet", environment.title()),
        })
    };
    let items = match name {
        None => client.get(&format!("{path}&page_size=1"))?["results"]
            .as_array()
            .cloned()
            .unwrap_or_default(),
        Some(_) => client.list(&path)?,
    };
    let wanted = |item: &Value| {
        name.is_none_or(|name| item["uuid"] == name || cell(&item["number"]) == name)
    };
    let id = items
        .into_iter()
        .find(wanted)
        .map(|item| cell(&item["uuid"]))
        .ok_or_else(missing)?;
    client.get(&format!("/apps/v3/deployments/{id}/"))
}

fn list(
    client: &Client,
    server: &Server,
    environment: &Environment,
    limit: u16,
) -> Result<(), Error> {
    let path = format!(
        "/apps/v3/deployments/?application={}&environment={}&page_size={limit}",
        environment.application.id, environment.id
    );
    let page = client.get(&path)?;
    if server.json {
        return output::json(&page["results"]);
    }
    let row = |item: &Value| {
        vec![
            cell(&item["number"]),
            cell(&item["status"]),
            cell(&item["release_number"]),
            item["commit"].as_str().map_or_else(
                || "-".to_owned(),
                |commit| commit.chars().take(12).collect(),
            ),
            cell(&item["started_at"]),
            cell(&item["actor"]),
        ]
    };
    let rows: Vec<Vec<String>> = page["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    output::table(
        &["NUMBER", "STATUS", "RELEASE", "COMMIT", "STARTED", "BY"],
        &rows,
    )
}

fn show(item: &Value) -> Result<(), Error> {
    for (title, field) in [
        ("Deployment", "uuid"),
        ("Number", "number"),
        ("Status", "status"),
        ("Release", "release_number"),
        ("Commit", "commit"),
        ("Started", "started_at"),
        ("Ended", "ended_at"),
        ("By", "actor"),
        ("Operation", "operation"),
        ("Failed step", "failed_step"),
        ("Error", "error"),
        ("Hint", "hint"),
    ] {
        if !item[field].is_null() {
            output::line(&format!("{title:<12} {}", cell(&item[field])))?;
        }
    }
    Ok(())
}
