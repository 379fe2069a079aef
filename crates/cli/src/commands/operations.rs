//! `windlass operations`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{OperationVerb, Server};
use crate::error::Error;
use crate::output::cell;
use crate::scope::encode;
use crate::{confirm, follow, output};

pub(super) fn run(client: &Client, server: &Server, verb: OperationVerb) -> Result<(), Error> {
    match verb {
        OperationVerb::List { state, limit } => {
            let state = state
                .map(|state| format!("&state={}", encode(&state)))
                .unwrap_or_default();
            let page = client.get(&format!("/apps/v3/operations/?page_size={limit}{state}"))?;
            if server.json {
                return output::json(&page["results"]);
            }
            let row = |item: &Value| {
                vec![
                    cell(&item["uuid"]),
                    cell(&item["kind"]),
                    cell(&item["state"]),
                    cell(&item["created_at"]),
                    cell(&item["actor"]),
                ]
            };
            let rows: Vec<Vec<String>> = page["results"]
                .as_array()
                .into_iter()
                .flatten()
                .map(row)
                .collect();
            output::table(&["OPERATION", "KIND", "STATE", "CREATED", "BY"], &rows)
        }
        OperationVerb::Show { id } => {
            let item = client.get(&path(&id))?;
            if server.json {
                return output::json(&item);
            }
            show(&item)
        }
        OperationVerb::Retry { id } => {
            client.post(&format!("{}retry/", path(&id)), &json!({}))?;
            let ended = follow::operation(client, &id, server.json)?;
            if server.json {
                output::json(&ended)?;
            }
            follow::succeeded(&ended)
        }
        OperationVerb::Skip { id, step, reason } => {
            let body = json!({"step": step, "reason": reason});
            changed(server, &client.post(&format!("{}skip/", path(&id)), &body)?)
        }
        OperationVerb::Abandon { id, reason, yes } => {
            confirm::destruction(
                "Abandoning an operation leaves behind what it has made, which",
                &id,
                yes,
            )?;
            changed(
                server,
                &client.post(
                    &format!("{}abandon/", path(&id)),
                    &json!({"reason": reason}),
                )?,
            )
        }
    }
}

fn path(id: &str) -> String {
    format!("/apps/v3/operations/{}/", encode(id))
}

fn changed(server: &Server, operation: &Value) -> Result<(), Error> {
    if server.json {
        return output::json(operation);
    }
    output::line(&format!(
        "Operation {} is {}.",
        cell(&operation["uuid"]),
        cell(&operation["state"])
    ))
}

fn show(item: &Value) -> Result<(), Error> {
    output::line(&format!(
        "Operation  {} ({})",
        cell(&item["uuid"]),
        cell(&item["kind"])
    ))?;
    output::line(&format!("State      {}", cell(&item["state"])))?;
    output::line(&format!(
        "About      {} {}",
        cell(&item["subject"]["kind"]),
        cell(&item["subject"]["id"])
    ))?;
    if let Some(message) = item["error"]["message"].as_str() {
        output::line(&format!("Error      {message}"))?;
    }
    if let Some(reason) = item["abandon_reason"].as_str() {
        output::line(&format!("Abandoned  {reason}"))?;
    }
    let row = |step: &Value| {
        vec![
            cell(&step["name"]),
            cell(&step["state"]),
            cell(&step["attempt"]),
            step["error"]["message"].as_str().unwrap_or("-").to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = item["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    output::table(&["STEP", "STATE", "ATTEMPTS", "ERROR"], &rows)
}
