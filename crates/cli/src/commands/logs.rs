//! `windlass logs`.

use serde_json::Value;

use super::Call;
use crate::command::Logs;
use crate::error::Error;
use crate::events::Events;
use crate::output::{cell, time};
use crate::{output, scope};

pub(super) fn run(call: &Call<'_>, verb: &Logs) -> Result<(), Error> {
    let environment = scope::environment(&call.client, call.scope, verb.environment.as_deref())?;
    let path = format!("/apps/v3/environments/{}/logs/", environment.id);
    let not_there = |error: Error| {
        error.or_hint(format!(
            "Deploy it first: windlass deploy {}",
            environment.slug
        ))
    };
    if !verb.follow {
        let page = call.client.get(&format!("{path}?tail={}", verb.tail));
        let page = page.map_err(not_there)?;
        let lines = page["results"].as_array().cloned().unwrap_or_default();
        if lines.is_empty() && !call.json {
            output::say(&format!(
                "The processes of {} have written nothing.",
                environment.title()
            ));
        }
        return lines.iter().try_for_each(|line| print(line, call.json));
    }
    let path = format!("{path}stream/?tail={}", verb.tail);
    let stream = call.client.stream(&path, None).map_err(not_there)?;
    for event in Events::new(stream) {
        let event = event.map_err(|error| {
            Error::unexpected(format!("the connection to the server was lost: {error}"))
                .with_hint("The processes run on; follow them by the same command.")
        })?;
        match event.kind.as_str() {
            "line" => print(&event.data, call.json)?,
            "end" => {
                output::say(
                    "The processes have ended: another release runs, or none. Follow it by the same command.",
                );
                return Ok(());
            }
            _ => {}
        }
    }
    Err(Error::unexpected("the connection to the server has ended")
        .with_hint("The processes run on; follow them by the same command."))
}

fn print(line: &Value, as_json: bool) -> Result<(), Error> {
    if as_json {
        return output::line(&line.to_string());
    }
    output::line(&format!(
        "{} {}: {}",
        time(&line["timestamp"]),
        cell(&line["service"]),
        line["message"].as_str().unwrap_or_default()
    ))
}
