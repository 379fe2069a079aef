//! `windlass deploy` and `windlass plan`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{Deploy, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::scope::Environment;
use crate::{follow, output, scope};

fn body(environment: &Environment, verb: &Deploy) -> Value {
    let mut body = json!({"environment": environment.id, "cache": verb.cache});
    if let Some(image) = &verb.image {
        body["image"] = json!(image);
    }
    if let Some(url) = &verb.source {
        body["source"] = json!({"url": url});
        if let Some(branch) = &verb.branch {
            body["source"]["branch"] = json!(branch);
        }
    }
    body
}

pub(super) fn deploy(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: &Deploy,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, verb.environment.as_deref())?;
    let begun = client.post("/apps/v3/deployments/", &body(&environment, verb))?;
    follow_deployment(client, server, &environment, &begun, verb.detach)
}

/// Follows a deployment that has begun, and says where its site is or why it failed.
pub(super) fn follow_deployment(
    client: &Client,
    server: &Server,
    environment: &Environment,
    begun: &Value,
    detach: bool,
) -> Result<(), Error> {
    if detach {
        if server.json {
            return output::json(begun);
        }
        let number = cell(&begun["number"]);
        return output::line(&format!(
            "Deployment {number} of {} has begun; 'windlass deployments logs' follows it.",
            environment.title()
        ));
    }
    let ended = follow::deployment(client, begun, server.json)?;
    if server.json {
        output::json(&ended)?;
    }
    if ended["success"] == true {
        output::say(&format!(
            "{} runs release {}: {}",
            environment.title(),
            cell(&ended["release_number"]),
            cell(&ended["site_url"])
        ));
        return Ok(());
    }
    if ended["status"] == "CANCELLED" {
        return Err(Error::user(
            "the deployment was cancelled; nothing has changed",
        ));
    }
    let operation = client.get(&format!(
        "/apps/v3/operations/{}/",
        cell(&ended["operation"])
    ))?;
    follow::succeeded(&operation)
}

pub(super) fn plan(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: &Deploy,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, verb.environment.as_deref())?;
    let plan = client.post("/apps/v3/deployments/plan/", &body(&environment, verb))?;
    if server.json {
        return output::json(&plan);
    }
    output::line(&format!("Environment  {}", environment.title()))?;
    output::line(&format!(
        "Running      {}",
        plan["running"].as_str().unwrap_or("nothing yet")
    ))?;
    match plan["source"].as_str() {
        Some(source) => output::line(&format!(
            "Would deploy {source}{}",
            if plan["code_changes"] == true {
                ""
            } else {
                " (the same code)"
            }
        ))?,
        None => output::line(&format!("Cannot deploy: {}", cell(&plan["source_error"])))?,
    }
    for instance in plan["instances"].as_array().into_iter().flatten() {
        let sign = match instance["action"].as_str() {
            Some("create" | "attach") => "+",
            Some("detach") => "-",
            Some("rename") => "~",
            _ => " ",
        };
        output::line(&format!(
            "  {sign} service {} ({}): {}",
            cell(&instance["prefix"]),
            cell(&instance["service"]),
            cell(&instance["action"])
        ))?;
    }
    for variable in plan["variables"].as_array().into_iter().flatten() {
        let sign = match variable["change"].as_str() {
            Some("added") => "+",
            Some("removed") => "-",
            _ => "~",
        };
        output::line(&format!(
            "  {sign} variable {} ({})",
            cell(&variable["name"]),
            cell(&variable["source"])
        ))?;
    }
    output::line(match plan["action"].as_str() {
        Some("create") => "The first release would be started.",
        Some("nothing") => "A deployment would change nothing.",
        _ => "A new release would take the place of the running one.",
    })
}
