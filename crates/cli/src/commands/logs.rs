//! `windlass logs`.

use serde_json::Value;

use crate::client::Client;
use crate::command::{Logs, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::{events, output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: &Logs,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, verb.environment.as_deref())?;
    let path = format!("/apps/v3/environments/{}/logs/", environment.id);
    if !verb.follow {
        let page = client.get(&format!("{path}?tail={}", verb.tail))?;
        let lines = page["results"].as_array().cloned().unwrap_or_default();
        return lines.iter().try_for_each(|line| print(line, server.json));
    }
    let stream = client.stream(&format!("{path}stream/?tail={}", verb.tail))?;
    events::read(stream, |event| {
        if event.kind == "line" {
            print(&event.data, server.json)?;
        }
        Ok(event.kind != "end")
    })
}

fn print(line: &Value, as_json: bool) -> Result<(), Error> {
    if as_json {
        return output::line(&line.to_string());
    }
    output::line(&format!(
        "{} {}: {}",
        cell(&line["timestamp"]),
        cell(&line["service"]),
        cell(&line["message"])
    ))
}
