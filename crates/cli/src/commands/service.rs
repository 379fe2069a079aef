//! `windlass service`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{Scope, Server, ServiceVerb};
use crate::error::Error;
use crate::output::cell;
use crate::scope::Environment;
use crate::{confirm, follow, output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: ServiceVerb,
) -> Result<(), Error> {
    let verb = match verb {
        ServiceVerb::Catalogue { region } => return catalogue(client, server, region.as_deref()),
        other => other,
    };
    let environment = scope::environment(client, scope, None)?;
    match verb {
        ServiceVerb::Catalogue { .. } => Ok(()),
        ServiceVerb::Add {
            service,
            prefix,
            url_scheme,
        } => {
            let mut body =
                json!({"environment": environment.id, "service": service, "prefix": prefix});
            if let Some(scheme) = url_scheme {
                body["url_scheme"] = json!(scheme);
            }
            let made = client.post("/apps/v3/service-instances/", &body)?;
            changed(
                server,
                &made,
                "added; deploy to provision and attach it, or 'windlass service provision' to make it now",
            )
        }
        ServiceVerb::List => list(client, server, &environment),
        ServiceVerb::Show { prefix } => show(client, server, &environment, &prefix),
        ServiceVerb::Provision { prefix, detach } => {
            let path = instance_path(client, &environment, &prefix)?;
            follow::begun(
                client,
                &client.post(&format!("{path}provision/"), &json!({}))?,
                detach,
                server.json,
            )
        }
        ServiceVerb::Attach { prefix } => wish(
            client,
            server,
            &environment,
            &prefix,
            "attach",
            "to be attached; deploy to apply",
        ),
        ServiceVerb::Detach { prefix } => wish(
            client,
            server,
            &environment,
            &prefix,
            "detach",
            "to be detached; it stays usable until you deploy",
        ),
        ServiceVerb::Cancel { prefix } => wish(
            client,
            server,
            &environment,
            &prefix,
            "cancel",
            "attached and stays so",
        ),
        ServiceVerb::Rename { prefix, new } => {
            let path = instance_path(client, &environment, &prefix)?;
            let made = client.patch(&path, &json!({"prefix": new}))?;
            changed(
                server,
                &made,
                "renamed; the new variable names come with the next deployment",
            )
        }
        ServiceVerb::Remove {
            prefix,
            yes,
            detach,
        } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let name = cell(&instance["prefix"]);
            confirm::destruction(
                &format!("Removing {} of {} with its data", name, environment.title()),
                &name,
                yes,
            )?;
            let path = format!(
                "/apps/v3/service-instances/{}/?confirm={name}",
                cell(&instance["uuid"])
            );
            follow::begun(client, &client.delete(&path)?, detach, server.json)
        }
    }
}

fn instance_path(
    client: &Client,
    environment: &Environment,
    prefix: &str,
) -> Result<String, Error> {
    let instance = scope::instance(client, environment, prefix)?;
    Ok(format!(
        "/apps/v3/service-instances/{}/",
        cell(&instance["uuid"])
    ))
}

fn wish(
    client: &Client,
    server: &Server,
    environment: &Environment,
    prefix: &str,
    verb: &str,
    said: &str,
) -> Result<(), Error> {
    let path = instance_path(client, environment, prefix)?;
    let made = client.post(&format!("{path}{verb}/"), &json!({}))?;
    changed(server, &made, said)
}

fn changed(server: &Server, instance: &Value, said: &str) -> Result<(), Error> {
    if server.json {
        return output::json(instance);
    }
    output::line(&format!(
        "{} is {said} ({}).",
        cell(&instance["prefix"]),
        cell(&instance["service_status"])
    ))
}

fn catalogue(client: &Client, server: &Server, region: Option<&str>) -> Result<(), Error> {
    let regions = client.list("/apps/v3/regions/")?;
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for known in &regions {
        if region.is_some_and(|name| known["slug"] != name && known["uuid"] != name) {
            continue;
        }
        for item in client.list(&format!(
            "/apps/v3/services/?region={}",
            cell(&known["uuid"])
        ))? {
            rows.push(vec![
                cell(&known["slug"]),
                cell(&item["identifier"]),
                cell(&item["type"]),
                cell(&item["cluster"]),
                cell(&item["description"]),
            ]);
            items.push(item);
        }
    }
    if rows.is_empty()
        && let Some(name) = region
    {
        let names: Vec<String> = regions.iter().map(|known| cell(&known["slug"])).collect();
        return Err(Error::user(format!(
            "there is no region '{name}' with services; there is {}",
            names.join(", ")
        )));
    }
    if server.json {
        return output::json(&Value::Array(items));
    }
    output::table(
        &["REGION", "SERVICE", "TYPE", "CLUSTER", "DESCRIPTION"],
        &rows,
    )
}

fn list(client: &Client, server: &Server, environment: &Environment) -> Result<(), Error> {
    let items = client.list(&format!(
        "/apps/v3/service-instances/?environment={}",
        environment.id
    ))?;
    if server.json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        vec![
            cell(&item["prefix"]),
            cell(&item["service_identifier"]),
            cell(&item["service_status"]),
            cell(&item["in_running_release"]),
            pending(item).to_owned(),
        ]
    };
    output::table(
        &["PREFIX", "SERVICE", "STATE", "IN USE", "NEXT DEPLOYMENT"],
        &items.iter().map(row).collect::<Vec<_>>(),
    )
}

/// What the next deployment does to it, for people.
fn pending(item: &Value) -> &'static str {
    match item["service_status"].as_str() {
        Some("NEW") => "creates and attaches it",
        Some("PENDING_ATTACHMENT") => "attaches it",
        Some("PENDING_DETACHMENT") => "detaches it",
        _ => "-",
    }
}

fn show(
    client: &Client,
    server: &Server,
    environment: &Environment,
    prefix: &str,
) -> Result<(), Error> {
    let item = scope::instance(client, environment, prefix)?;
    if server.json {
        return output::json(&item);
    }
    output::line(&format!("Prefix     {}", cell(&item["prefix"])))?;
    output::line(&format!(
        "Service    {} ({} cluster)",
        cell(&item["service_name"]),
        cell(&item["cluster"])
    ))?;
    output::line(&format!("State      {}", cell(&item["service_status"])))?;
    output::line(&format!("In use     {}", cell(&item["in_running_release"])))?;
    output::line(&format!("Next       {}", pending(&item)))?;
    let names: Vec<String> = item["variables"]
        .as_array()
        .into_iter()
        .flatten()
        .map(cell)
        .collect();
    output::line(&format!("Variables  {}", names.join(" ")))?;
    if let Some(message) = item["last_error"]["message"].as_str() {
        output::line(&format!(
            "Last error {message} (step {})",
            cell(&item["last_error"]["step"])
        ))?;
    }
    Ok(())
}
