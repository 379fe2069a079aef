//! Following an operation until it ends.

use std::io::{self, IsTerminal};

use serde_json::{Value, json};

use crate::client::Client;
use crate::error::Error;
use crate::{events, output};

/// Follows a deployment's log to its end, and says how it ended.
pub(crate) fn deployment(
    client: &Client,
    deployment: &Value,
    as_json: bool,
) -> Result<Value, Error> {
    let id = text(deployment, "uuid")?;
    if !as_json {
        let stream = client.stream(&format!("/apps/v3/deployments/{id}/logs/stream?from=0"))?;
        events::read(stream, |event| {
            if event.kind == "log" {
                output::raw(event.data["text"].as_str().unwrap_or_default())?;
            }
            Ok(event.kind != "end")
        })?;
    }
    operation(client, &text(deployment, "operation")?, true)?;
    client.get(&format!("/apps/v3/deployments/{id}/"))
}

/// Waits for an operation to end, showing its steps unless `quiet`. One that ended badly is an error.
pub(crate) fn operation(client: &Client, id: &str, quiet: bool) -> Result<Value, Error> {
    let stream = client.stream(&format!("/apps/v3/operations/{id}/events/"))?;
    events::read(stream, |event| {
        if !quiet && let Some(line) = describe(&event) {
            output::say(&line);
        }
        Ok(event.kind != "end")
    })?;
    let ended = client.get(&format!("/apps/v3/operations/{id}/"))?;
    Ok(ended)
}

/// Follows an operation that a verb began, or says where to look when it is not to be followed.
pub(crate) fn begun(
    client: &Client,
    begun: &Value,
    detach: bool,
    as_json: bool,
) -> Result<(), Error> {
    let id = text(begun, "uuid")?;
    if detach {
        if as_json {
            return output::json(begun);
        }
        return output::line(&format!(
            "Operation {id} has begun; 'windlass operations show {id}' says how it goes."
        ));
    }
    let ended = operation(client, &id, as_json)?;
    if as_json {
        output::json(&ended)?;
    }
    succeeded(&ended)
}

/// An error for an operation that did not succeed.
pub(crate) fn succeeded(operation: &Value) -> Result<(), Error> {
    match operation["state"].as_str() {
        Some("succeeded") => Ok(()),
        Some("needs_attention") => Err(Error::hinted(
            format!("the operation needs attention: {}", reason(operation)),
            format!(
                "'windlass operations show {}' shows where it stands; mend the cause, then retry it.",
                output::cell(&operation["uuid"])
            ),
        )),
        Some("rolled_back") if operation["error"].is_null() => Err(Error::user(
            "the operation was cancelled; nothing has changed",
        )),
        Some("rolled_back") => {
            let hint = operation["error"]["hint"].as_str().map(str::to_owned);
            Err(Error::User {
                message: format!(
                    "the operation failed; nothing has changed: {}",
                    reason(operation)
                ),
                hint,
            })
        }
        state => Err(Error::Unexpected(format!(
            "the operation is {}: {}",
            state.unwrap_or("in no known state"),
            reason(operation)
        ))),
    }
}

fn reason(operation: &Value) -> String {
    operation["error"]["message"]
        .as_str()
        .unwrap_or("no reason is recorded")
        .to_owned()
}

fn describe(event: &events::Event) -> Option<String> {
    let step = event.data["step"].as_str().unwrap_or_default();
    match event.kind.as_str() {
        "step_started" => Some(format!("{} {step}", output::paint("---->", "36"))),
        "step_failed" => Some(format!(
            " !    {step}: {}",
            event.data["failure"]["message"]
                .as_str()
                .unwrap_or("failed")
        )),
        "undo_started" => Some(format!(
            "{} taking back {step}",
            output::paint("<----", "33")
        )),
        "undo_failed" => Some(format!(
            " !    taking back {step}: {}",
            event.data["failure"]["message"]
                .as_str()
                .unwrap_or("failed")
        )),
        "progress" if io::stderr().is_terminal() => event.data["message"]
            .as_str()
            .map(|message| format!("      {}", message.trim())),
        _ => None,
    }
}

/// A field that must be there.
pub(crate) fn text(value: &Value, field: &str) -> Result<String, Error> {
    value[field].as_str().map(str::to_owned).ok_or_else(|| {
        Error::Unexpected(format!(
            "the server's answer has no '{field}': {}",
            json!(value)
        ))
    })
}
