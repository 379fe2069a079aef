//! `windlass audit`.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::organisations;
use crate::client::Client;
use crate::command::Audit;
use crate::error::Error;
use crate::output::{self, cell, time};
use crate::scope::{self, encode};

pub(super) fn run(client: &Client, as_json: bool, asked: &Audit) -> Result<(), Error> {
    let path = organisations::path(client, asked.of.organisation.as_deref())?;
    let mut query = Vec::new();
    if let Some(name) = &asked.app {
        // What was done with one that is gone is found by its id.
        let id = match scope::application(client, Some(name)) {
            Ok(found) => found.id,
            Err(_) if name.contains('-') && name.len() == 36 => name.clone(),
            Err(error) => return Err(error),
        };
        query.push(format!("application={id}"));
    }
    for (name, value) in [("from", &asked.from), ("until", &asked.until)] {
        if let Some(value) = value {
            query.push(format!("{name}={}", encode(value)));
        }
    }
    if asked.export {
        let lines = client.lines(&format!("{path}audit/export/?{}", query.join("&")))?;
        for line in BufReader::new(lines).lines() {
            output::line(&line?)?;
        }
        return Ok(());
    }
    query.push(format!("page_size={}", asked.lines.clamp(1, 1000)));
    let page = client.get(&format!("{path}audit/?{}", query.join("&")))?;
    let items = page["results"].as_array().cloned().unwrap_or_default();
    if as_json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        vec![
            time(&item["at"]),
            cell(&item["actor"]),
            cell(&item["address"]),
            cell(&item["action"]),
            cell(&item["subject"]),
            cell(&item["outcome"]),
            cell(&item["detail"]),
        ]
    };
    output::table(
        &["AT", "WHO", "FROM", "WHAT", "TO", "OUTCOME", "DETAIL"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "There are no such entries.",
    )
}
