//! `windlass deploy`.

use serde_json::{Value, json};

use super::Call;
use crate::command::{Deploy, What};
use crate::error::Error;
use crate::output::cell;
use crate::scope::Environment;
use crate::{follow, output, scope, terminal};

/// What the API is asked for.
pub(super) fn body(environment: &Environment, what: &What) -> Value {
    let mut body = json!({"environment": environment.id});
    if let Some(image) = &what.image {
        body["image"] = json!(image);
    }
    if let Some(url) = &what.source {
        body["source"] = json!({"url": url});
        if let Some(branch) = &what.branch {
            body["source"]["branch"] = json!(branch);
        }
    }
    body
}

pub(super) fn run(call: &Call<'_>, verb: &Deploy) -> Result<(), Error> {
    let named = verb.what.environment.as_deref();
    let environment = scope::environment(&call.client, call.scope, named)?;
    let mut body = body(&environment, &verb.what);
    body["cache"] = json!(verb.cache);
    body["build_mode"] = json!(verb.build_mode.to_ascii_uppercase());
    let begun = call.client.post("/apps/v3/deployments/", &body);
    let begun = begun.map_err(|error| error.or_hint_if("deploying", || busy(&environment)))?;
    follow_deployment(call, &environment, &begun, verb.detach)
}

/// What to do about a deployment that stands in the way.
pub(super) fn busy(environment: &Environment) -> String {
    format!(
        "'windlass deployments logs -e {0}' follows it, 'windlass deployments cancel -e {0}' cancels it.",
        environment.slug
    )
}

/// Follows a deployment that has begun, and says where its site is or why it failed.
pub(super) fn follow_deployment(
    call: &Call<'_>,
    environment: &Environment,
    begun: &Value,
    detach: bool,
) -> Result<(), Error> {
    let (number, title) = (cell(&begun["number"]), environment.title());
    if detach {
        if call.json {
            return output::json(begun);
        }
        output::say(&format!(
            "Deployment {number} of {title} has begun; 'windlass deployments logs -e {}' follows it.",
            environment.slug
        ));
        return Ok(());
    }
    if !call.json {
        let stop = if terminal::is_live() {
            " ^C stops following it, not the deployment."
        } else {
            ""
        };
        output::say(&format!("Deployment {number} of {title} has begun.{stop}"));
    }
    let ended = follow::deployment(&call.client, begun, call.json)?;
    if call.json {
        output::json(&ended)?;
    }
    if ended["success"] == true {
        if !call.json {
            output::say(&format!(
                "{title} runs release {}: {}",
                cell(&ended["release_number"]),
                cell(&ended["site_url"])
            ));
        }
        return Ok(());
    }
    if ended["status"] == "CANCELLED" {
        return Err(Error::user(
            "the deployment was cancelled; nothing has changed",
        ));
    }
    let operation = call.client.get(&format!(
        "/apps/v3/operations/{}/",
        cell(&ended["operation"])
    ))?;
    if operation["state"] == "needs_attention" && !ended["release_number"].is_null() {
        output::say(&format!(
            "{title} runs release {} already; what follows the switch is not done.",
            cell(&ended["release_number"])
        ));
    }
    follow::succeeded(&operation)
}
