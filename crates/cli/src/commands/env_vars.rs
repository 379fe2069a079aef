//! `windlass env-vars`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{Scope, Server, VariableVerb};
use crate::error::Error;
use crate::output::cell;
use crate::scope::{Environment, encode};
use crate::{confirm, output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: VariableVerb,
) -> Result<(), Error> {
    let environment = scope::environment(client, scope, None)?;
    match verb {
        VariableVerb::List => list(client, server, &environment),
        VariableVerb::Get { name } => {
            let path = format!(
                "/apps/v3/environment-variables/?environment={}&name={}&reveal=true",
                environment.id,
                encode(&name)
            );
            let found = client.list(&path)?;
            let item = found.first().ok_or_else(|| {
                Error::user(format!("{} has no variable {name}", environment.title()))
            })?;
            if server.json {
                return output::json(item);
            }
            let value = item["value"].as_str();
            let value = value.ok_or_else(|| {
                Error::user(format!(
                    "{name} comes from a {}; its value is made by a deployment",
                    cell(&item["source"])
                ))
            })?;
            output::line(value)
        }
        VariableVerb::Set {
            variables,
            secret,
            overrides,
        } => {
            let variables: Vec<Value> = variables
                .iter()
                .map(|text| assignment(text, secret, overrides))
                .collect::<Result<_, _>>()?;
            let body = json!({"environment": environment.id, "variables": variables});
            let made = client.post("/apps/v3/environment-variables/", &body)?;
            if server.json {
                return output::json(&made);
            }
            output::line(&format!(
                "Set for {}; deploy to apply.",
                environment.title()
            ))
        }
        VariableVerb::Unset { names, all, yes } => {
            let names = if all {
                custom_names(client, &environment)?
            } else {
                names
            };
            if names.is_empty() {
                return output::line(&format!("{} has no custom variables.", environment.title()));
            }
            if all {
                confirm::destruction("Unsetting every custom variable", &environment.slug, yes)?;
            }
            client.post(
                "/apps/v3/environment-variables/unset/",
                &json!({"environment": environment.id, "names": names}),
            )?;
            if server.json {
                return output::json(&json!({"unset": names}));
            }
            output::line(&format!(
                "Unset {} for {}; deploy to apply.",
                names.join(", "),
                environment.title()
            ))
        }
    }
}

fn assignment(text: &str, secret: bool, overrides: bool) -> Result<Value, Error> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Error::user(format!("'{text}' is not of the form NAME=value")))?;
    let mut variable = json!({"name": name, "value": value, "override": overrides});
    if secret {
        variable["is_sensitive"] = json!(true);
    }
    Ok(variable)
}

fn custom_names(client: &Client, environment: &Environment) -> Result<Vec<String>, Error> {
    let items = client.list(&format!(
        "/apps/v3/environment-variables/?environment={}",
        environment.id
    ))?;
    Ok(items
        .iter()
        .filter(|item| item["source"] == "custom")
        .map(|item| cell(&item["name"]))
        .collect())
}

fn list(client: &Client, server: &Server, environment: &Environment) -> Result<(), Error> {
    let items = client.list(&format!(
        "/apps/v3/environment-variables/?environment={}",
        environment.id
    ))?;
    if server.json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let value = match (item["is_sensitive"].as_bool(), item["value"].as_str()) {
            (Some(true), _) => "(hidden)".to_owned(),
            (_, Some(value)) => value.to_owned(),
            (_, None) => "(made by the deployment)".to_owned(),
        };
        vec![cell(&item["name"]), value, cell(&item["source"])]
    };
    output::table(
        &["NAME", "VALUE", "SOURCE"],
        &items.iter().map(row).collect::<Vec<_>>(),
    )
}
