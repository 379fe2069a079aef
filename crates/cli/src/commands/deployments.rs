//! `windlass deployments`.

use serde_json::{Value, json};

use super::Call;
use crate::client::Client;
use crate::command::DeploymentVerb;
use crate::error::Error;
use crate::output::{cell, commit, filled, time};
use crate::scope::Environment;
use crate::{follow, output, scope};

pub(super) fn run(call: &Call<'_>, verb: DeploymentVerb) -> Result<(), Error> {
    let client = &call.client;
    let environment = scope::environment(client, call.scope, None)?;
    match verb {
        DeploymentVerb::List { limit } => list(call, &environment, limit),
        DeploymentVerb::Show { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            if call.json {
                return output::json(&item);
            }
            show(&environment, &item)
        }
        DeploymentVerb::Logs { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            if call.json {
                let id = cell(&item["uuid"]);
                return output::json(&client.get(&format!("/apps/v3/deployments/{id}/logs"))?);
            }
            let operation = follow::deployment_log(client, &item)?;
            if operation["state"] == "needs_attention" {
                let id = cell(&operation["uuid"]);
                output::hinted(&format!(
                    "This deployment needs attention: windlass operations show {id}"
                ));
            }
            Ok(())
        }
        DeploymentVerb::Cancel { deployment } => {
            let item = find(client, &environment, deployment.as_deref())?;
            let path = format!("/apps/v3/deployments/{}/cancel/", cell(&item["uuid"]));
            let cancelled = client.post(&path, &json!({}))?;
            if call.json {
                return output::json(&cancelled);
            }
            output::say(&format!(
                "Deployment {} of {} is being cancelled; nothing will have changed.",
                cell(&item["number"]),
                environment.title()
            ));
            Ok(())
        }
    }
}

/// By id, by number, or the newest.
fn find(client: &Client, environment: &Environment, name: Option<&str>) -> Result<Value, Error> {
    let path = format!(
        "/apps/v3/deployments/?application={}&environment={}",
        environment.application.id, environment.id
    );
    let missing = || match name {
        Some(name) => Error::hinted(
            format!("{} has no deployment '{name}'", environment.title()),
            "'windlass deployments list' shows those that there are.",
        ),
        None => Error::hinted(
            format!("{} has not been deployed yet", environment.title()),
            format!("Deploy it: windlass deploy {}", environment.slug),
        ),
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

fn list(call: &Call<'_>, environment: &Environment, limit: u16) -> Result<(), Error> {
    let path = format!(
        "/apps/v3/deployments/?application={}&environment={}&page_size={limit}",
        environment.application.id, environment.id
    );
    let page = call.client.get(&path)?;
    if call.json {
        return output::json(&page["results"]);
    }
    let row = |item: &Value| {
        vec![
            cell(&item["number"]),
            cell(&item["status"]),
            cell(&item["release_number"]),
            commit(&item["commit"]),
            time(&item["started_at"]),
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
        &format!(
            "{} has not been deployed yet. Deploy it: windlass deploy {}",
            environment.title(),
            environment.slug
        ),
    )
}

fn show(environment: &Environment, item: &Value) -> Result<(), Error> {
    let ended = (!item["ended_at"].is_null()).then(|| time(&item["ended_at"]));
    let site = (item["success"] == true).then(|| cell(&item["site_url"]));
    output::fields(&[
        (
            "Deployment",
            Some(format!(
                "{} of {}",
                cell(&item["number"]),
                environment.title()
            )),
        ),
        ("Id", filled(&item["uuid"])),
        ("Status", filled(&item["status"])),
        ("Release", filled(&item["release_number"])),
        ("Site", site),
        ("Commit", filled(&item["commit"])),
        ("Started", Some(time(&item["started_at"]))),
        ("Ended", ended),
        ("By", filled(&item["actor"])),
        ("Operation", filled(&item["operation"])),
        ("Failed step", filled(&item["failed_step"])),
        ("Error", filled(&item["error"])),
        ("Hint", filled(&item["hint"])),
    ])
}
