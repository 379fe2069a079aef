//! `windlass releases` and `windlass rollback`.

use serde_json::{Value, json};

use super::Call;
use super::deploy::{busy, follow_deployment};
use crate::command::Rollback;
use crate::error::Error;
use crate::output::{cell, commit, time};
use crate::{output, scope};

pub(super) fn list(call: &Call<'_>, environment: Option<&str>) -> Result<(), Error> {
    let environment = scope::environment(&call.client, call.scope, environment)?;
    let path = format!("/apps/v3/environments/{}/releases/", environment.id);
    let items = call.client.list(&path)?;
    if call.json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let services: Vec<String> = item["services"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|service| cell(&service["prefix"]))
            .collect();
        let services = match services.len() {
            0 => "-".to_owned(),
            _ => services.join(" "),
        };
        vec![
            cell(&item["number"]),
            state(item, &items),
            commit(&item["commit"]),
            services,
            time(&item["created_at"]),
        ]
    };
    output::table(
        &["RELEASE", "STATE", "COMMIT", "SERVICES", "CREATED"],
        &items.iter().map(row).collect::<Vec<_>>(),
        &format!(
            "{} has no releases yet. Deploy it: windlass deploy {}",
            environment.title(),
            environment.slug
        ),
    )
}

/// Whether it runs, and which one it takes up again.
fn state(item: &Value, all: &[Value]) -> String {
    let again = item["rollback_of"].as_str().map(|id| {
        let number = all.iter().find(|other| other["uuid"] == id);
        // That one may be kept no longer.
        number.map_or_else(
            || "rollback".to_owned(),
            |other| format!("rollback to {}", cell(&other["number"])),
        )
    });
    let running = (item["is_running"] == true).then(|| "running".to_owned());
    let parts: Vec<String> = running.into_iter().chain(again).collect();
    if parts.is_empty() {
        "-".to_owned()
    } else {
        parts.join(", ")
    }
}

pub(super) fn rollback(call: &Call<'_>, verb: &Rollback) -> Result<(), Error> {
    let environment = scope::environment(&call.client, call.scope, Some(&verb.environment))?;
    let path = format!("/apps/v3/environments/{}/rollback/", environment.id);
    let begun = call.client.post(&path, &json!({"release": verb.release}));
    let begun = begun.map_err(|error| {
        error
            .or_hint_if("deploying", || busy(&environment))
            .or_hint_if("not_found", || {
                format!(
                    "'windlass releases {}' shows those that there are.",
                    environment.slug
                )
            })
    })?;
    follow_deployment(call, &environment, &begun, verb.detach)
}
