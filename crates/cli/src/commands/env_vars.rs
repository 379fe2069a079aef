//! `windlass env-vars`.

use serde_json::{Value, json};

use super::Call;
use crate::client::Client;
use crate::command::VariableVerb;
use crate::error::Error;
use crate::output::cell;
use crate::scope::{Environment, encode};
use crate::{confirm, output, scope};

pub(super) fn run(call: &Call<'_>, verb: VariableVerb) -> Result<(), Error> {
    let environment = scope::environment(&call.client, call.scope, None)?;
    match verb {
        VariableVerb::List => list(call, &environment),
        VariableVerb::Get { name } => get(call, &environment, &name),
        VariableVerb::Set {
            variables,
            secret,
            overrides,
        } => {
            let variables: Vec<Value> = variables
                .iter()
                .map(|text| assignment(text, secret, overrides))
                .collect::<Result<_, _>>()?;
            let names: Vec<String> = variables.iter().map(|item| cell(&item["name"])).collect();
            let body = json!({"environment": environment.id, "variables": variables});
            let made = call.client.post("/apps/v3/environment-variables/", &body)?;
            if call.json {
                return output::json(&made);
            }
            changed("Set", &names, &environment);
            Ok(())
        }
        VariableVerb::Unset { names, all, yes } => {
            let names = if all {
                custom_names(&call.client, &environment)?
            } else {
                names
            };
            if names.is_empty() {
                if call.json {
                    return output::json(&json!({"unset": []}));
                }
                output::say(&format!("{} has no custom variables.", environment.title()));
                return Ok(());
            }
            if all {
                let what = format!(
                    "Unsetting every custom variable of {} ({})",
                    environment.title(),
                    names.join(", ")
                );
                confirm::destruction(&what, &environment.slug, yes)?;
            }
            call.client.post(
                "/apps/v3/environment-variables/unset/",
                &json!({"environment": environment.id, "names": names}),
            )?;
            if call.json {
                return output::json(&json!({"unset": names}));
            }
            changed("Unset", &names, &environment);
            Ok(())
        }
    }
}

fn changed(verb: &str, names: &[String], environment: &Environment) {
    output::say(&format!(
        "{verb} {} for {}. What runs does not change before you deploy: windlass deploy {}",
        names.join(", "),
        environment.title(),
        environment.slug
    ));
}

fn assignment(text: &str, secret: bool, overrides: bool) -> Result<Value, Error> {
    // The whole text is not repeated: a value that lacks its name may be a secret.
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Error::hinted(
            "a variable is not of the form NAME=value",
            "Write it as one argument, in quotes where the value has blanks: 'GREETING=Good day'.",
        )
    })?;
    let mut variable = json!({"name": name, "value": value, "override": overrides});
    if secret {
        variable["is_sensitive"] = json!(true);
    }
    Ok(variable)
}

fn all(client: &Client, environment: &Environment) -> Result<Vec<Value>, Error> {
    client.list(&format!(
        "/apps/v3/environment-variables/?environment={}",
        environment.id
    ))
}

fn custom_names(client: &Client, environment: &Environment) -> Result<Vec<String>, Error> {
    Ok(all(client, environment)?
        .iter()
        .filter(|item| item["source"] == "custom")
        .map(|item| cell(&item["name"]))
        .collect())
}

fn get(call: &Call<'_>, environment: &Environment, name: &str) -> Result<(), Error> {
    let found = call.client.list(&format!(
        "/apps/v3/environment-variables/?environment={}&name={}&reveal=true",
        environment.id,
        encode(name)
    ))?;
    let item = found.first().ok_or_else(|| {
        Error::hinted(
            format!("{} has no variable '{name}'", environment.title()),
            "'windlass env-vars list' shows those that there are.",
        )
    })?;
    if call.json {
        return output::json(item);
    }
    let value = item["value"].as_str().ok_or_else(|| {
        Error::user(format!(
            "{name} has no value yet: it is a {} variable, which a deployment makes",
            cell(&item["source"])
        ))
    })?;
    output::line(value)
}

fn list(call: &Call<'_>, environment: &Environment) -> Result<(), Error> {
    let items = all(&call.client, environment)?;
    if call.json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let value = match (item["is_sensitive"].as_bool(), item["value"].as_str()) {
            (Some(true), _) => "(hidden)".to_owned(),
            (_, Some(value)) => output::one_line(value),
            (_, None) => "(made by the deployment)".to_owned(),
        };
        vec![cell(&item["name"]), cell(&item["source"]), value]
    };
    output::table(
        &["NAME", "SOURCE", "VALUE"],
        &items.iter().map(row).collect::<Vec<_>>(),
        &format!("{} has no variables.", environment.title()),
    )
}
