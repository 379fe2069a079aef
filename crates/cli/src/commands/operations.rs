//! `windlass operations`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::OperationVerb;
use crate::error::Error;
use crate::follow::Following;
use crate::output::{cell, filled, time};
use crate::scope::encode;
use crate::steps::Names;
use crate::{confirm, follow, output};

pub(super) fn run(client: &Client, as_json: bool, verb: OperationVerb) -> Result<(), Error> {
    match verb {
        OperationVerb::List { state, limit } => list(client, as_json, state.as_deref(), limit),
        OperationVerb::Show { id } => {
            let item = client.get(&path(&id)).map_err(|error| {
                error.or_hint_if("not_found", || {
                    "'windlass operations list' shows those that there are.".to_owned()
                })
            })?;
            if as_json {
                return output::json(&item);
            }
            show(client, &item)
        }
        OperationVerb::Retry { id, detach } => {
            // What happened before is not told again.
            let after = follow::last_event(client, &encode(&id))?;
            let begun = client.post(&format!("{}retry/", path(&id)), &json!({}))?;
            let how = Following {
                detach,
                json: as_json,
                names: Names::new(),
                after,
                done: "The operation has succeeded.",
            };
            follow::begun(client, &begun, how)
        }
        OperationVerb::Skip { id, step, reason } => {
            let body = json!({"step": step, "reason": reason});
            let operation = client.post(&format!("{}skip/", path(&id)), &body)?;
            changed(as_json, &operation, "goes on behind that step")
        }
        OperationVerb::Abandon { id, reason, yes } => {
            let item = client.get(&path(&id))?;
            let what = format!(
                "Abandoning the {} of {} leaves behind what it has made, which",
                cell(&item["kind"]),
                Subjects::default().name(client, &item)
            );
            confirm::destruction(&what, &cell(&item["uuid"]), yes)?;
            let body = json!({"reason": reason});
            let operation = client.post(&format!("{}abandon/", path(&id)), &body)?;
            changed(as_json, &operation, "is given up")
        }
    }
}

fn path(id: &str) -> String {
    format!("/apps/v3/operations/{}/", encode(id))
}

fn changed(as_json: bool, operation: &Value, said: &str) -> Result<(), Error> {
    if as_json {
        return output::json(operation);
    }
    let id = cell(&operation["uuid"]);
    output::say(&format!(
        "Operation {id} {said} (state: {}).",
        cell(&operation["state"])
    ));
    Ok(())
}

fn list(client: &Client, as_json: bool, state: Option<&str>, limit: u16) -> Result<(), Error> {
    let wanted = state
        .map(|state| format!("&state={}", encode(state)))
        .unwrap_or_default();
    let page = client.get(&format!("/apps/v3/operations/?page_size={limit}{wanted}"))?;
    if as_json {
        return output::json(&page["results"]);
    }
    let mut subjects = Subjects::default();
    let row = |item: &Value| {
        vec![
            cell(&item["uuid"]),
            cell(&item["kind"]),
            subjects.name(client, item),
            cell(&item["state"]),
            time(&item["created_at"]),
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
        &["OPERATION", "KIND", "OF", "STATE", "CREATED", "BY"],
        &rows,
        &match state {
            Some(state) => format!("No operation is in the state {state}."),
            None => "The server has done nothing yet.".to_owned(),
        },
    )
}

fn show(client: &Client, item: &Value) -> Result<(), Error> {
    let ended = (!item["finished_at"].is_null()).then(|| time(&item["finished_at"]));
    let cancelled =
        (!item["cancel_requested_at"].is_null()).then(|| time(&item["cancel_requested_at"]));
    let attention = item["state"] == "needs_attention";
    let step = follow::stuck(item).filter(|_| attention);
    let stuck = step.map(|step| {
        let undo = step["state"] == "undo_started";
        let what = if undo { "taking back " } else { "" };
        let why = cell(&step["error"]["message"]);
        format!("{what}{}: {why}", cell(&step["name"]))
    });
    output::fields(&[
        ("Operation", filled(&item["uuid"])),
        ("Kind", filled(&item["kind"])),
        ("Of", Some(Subjects::default().name(client, item))),
        ("State", filled(&item["state"])),
        ("Created", Some(time(&item["created_at"]))),
        ("Cancelled", cancelled),
        ("Ended", ended),
        ("By", filled(&item["actor"])),
        ("Error", filled(&item["error"]["message"])),
        ("Stuck at", stuck),
        ("Abandoned", filled(&item["abandon_reason"])),
    ])?;
    output::line("")?;
    let row = |step: &Value| {
        vec![
            cell(&step["name"]),
            cell(&step["state"]),
            cell(&step["attempt"]),
            cell(&step["error"]["code"]),
        ]
    };
    let rows: Vec<Vec<String>> = item["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(row)
        .collect();
    output::table(
        &["STEP", "STATE", "ATTEMPTS", "ERROR"],
        &rows,
        "It has no steps.",
    )?;
    let cause = step.map_or(&item["error"], |step| &step["error"]);
    let cause = cause["hint"].as_str();
    if attention {
        let id = cell(&item["uuid"]);
        output::hinted(&follow::needs_attention(&id, cause));
    } else if let Some(hint) = cause {
        output::hinted(hint);
    }
    Ok(())
}

/// What operations are about, in words; each object is asked for once.
#[derive(Default)]
struct Subjects {
    known: BTreeMap<String, Option<String>>,
}

impl Subjects {
    fn name(&mut self, client: &Client, operation: &Value) -> String {
        let (kind, id) = (&operation["subject"]["kind"], &operation["subject"]["id"]);
        let (kind, id) = (cell(kind), cell(id));
        let name = match kind.as_str() {
            "application" => self.application(client, &id),
            "environment" | "environment-clean-up" => self.environment(client, &id),
            "service_instance" => self.instance(client, &id),
            _ => None,
        };
        // What has been removed has no name any more.
        name.unwrap_or_else(|| format!("{} (removed)", kind.replace('_', " ")))
    }

    fn application(&mut self, client: &Client, id: &str) -> Option<String> {
        self.once(client, "applications", id, |_, item| {
            Some(cell(&item["slug"]))
        })
    }

    fn environment(&mut self, client: &Client, id: &str) -> Option<String> {
        self.once(client, "environments", id, |this, item| {
            let application = this.application(client, item["application"].as_str()?)?;
            Some(format!("{application}/{}", cell(&item["slug"])))
        })
    }

    fn instance(&mut self, client: &Client, id: &str) -> Option<String> {
        self.once(client, "service-instances", id, |this, item| {
            let environment = this.environment(client, item["environment"].as_str()?)?;
            Some(format!("{environment}/{}", cell(&item["prefix"])))
        })
    }

    fn once(
        &mut self,
        client: &Client,
        kind: &str,
        id: &str,
        name: impl FnOnce(&mut Self, &Value) -> Option<String>,
    ) -> Option<String> {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let item = client.get(&format!("/apps/v3/{kind}/{}/", encode(id))).ok();
        let found = item.and_then(|item| name(self, &item));
        self.known.insert(id.to_owned(), found.clone());
        found
    }
}
