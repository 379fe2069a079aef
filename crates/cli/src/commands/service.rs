//! `windlass service`.

use std::io::BufRead;

use serde_json::{Value, json};

use super::Call;
use super::deploy::{busy, follow_deployment};
use crate::client::Client;
use crate::command::ServiceVerb;
use crate::error::Error;
use crate::follow::Following;
use crate::output::{cell, filled, time};
use crate::scope::Environment;
use crate::steps::Names;
use crate::{confirm, follow, output, scope};

pub(super) fn run(call: &Call<'_>, verb: ServiceVerb) -> Result<(), Error> {
    let verb = match verb {
        ServiceVerb::Catalogue { region } => return catalogue(call, region.as_deref()),
        other => other,
    };
    let client = &call.client;
    let environment = scope::environment(client, call.scope, None)?;
    match verb {
        ServiceVerb::Catalogue { .. } => Ok(()),
        ServiceVerb::Add {
            service,
            prefix,
            url_scheme,
            variables_for,
            url,
            public,
        } => {
            let mut body =
                json!({"environment": environment.id, "service": service, "prefix": prefix});
            if let Some(scheme) = url_scheme {
                body["url_scheme"] = json!(scheme);
            }
            if let Some(whom) = variables_for {
                body["inject_profile"] = json!(whom);
            }
            if let Some(url) = url {
                body["url"] = json!(given(url)?);
            }
            if public {
                body["public"] = json!(true);
            }
            let made = client.post("/apps/v3/service-instances/", &body)?;
            let next = format!(
                "is added. The next deployment makes and attaches it ('windlass deploy {}'); 'windlass service provision {}' makes it now.",
                environment.slug,
                cell(&made["prefix"])
            );
            changed(call, &environment, &made, &next)
        }
        ServiceVerb::List => list(call, &environment),
        ServiceVerb::Show { prefix } => show(call, &environment, &prefix),
        ServiceVerb::Usage { prefix } => usage(call, &environment, &prefix),
        ServiceVerb::Provision { prefix, detach } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let begun = client.post(&format!("{}provision/", path(&instance)), &json!({}))?;
            let done = format!(
                "{} of {} is provisioned: it works, and the next deployment attaches it.",
                cell(&instance["prefix"]),
                environment.title()
            );
            follow::begun(client, &begun, following(call, detach, &done))
        }
        ServiceVerb::SetUrl { prefix, url } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let made = client.patch(&path(&instance), &json!({ "url": given(url)? }))?;
            let next = format!(
                "has another URL; 'windlass service rotate {}' brings it to the application.",
                cell(&made["prefix"])
            );
            changed(call, &environment, &made, &next)
        }
        ServiceVerb::SetPublic { prefix, detach } => {
            set_public(call, &environment, &prefix, true, detach)
        }
        ServiceVerb::SetPrivate { prefix, detach } => {
            set_public(call, &environment, &prefix, false, detach)
        }
        ServiceVerb::SetDomain {
            prefix,
            domain,
            cdn,
        } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let body = json!({ "media_domain": domain, "media_domain_is_cdn": cdn });
            let made = client.patch(&path(&instance), &body)?;
            let (domain, own) = (cell(&made["media_domain"]), cell(&made["media_host"]));
            let next = if cdn {
                format!("is read at {domain}, which is to fetch from {own}")
            } else {
                format!("is read at {domain}, once its DNS leads to the router, and at {own}")
            };
            let next = format!("{next}; the next deployment tells the application.");
            changed(call, &environment, &made, &next)
        }
        ServiceVerb::UnsetDomain { prefix } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let made = client.patch(&path(&instance), &json!({ "media_domain": "none" }))?;
            let next = "has no domain any more; the next deployment tells the application.";
            changed(call, &environment, &made, next)
        }
        ServiceVerb::Rotate {
            prefix,
            grace,
            detach,
        } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let body = json!({ "grace_seconds": grace });
            let begun = client.post(&format!("{}rotate/", path(&instance)), &body);
            let begun =
                begun.map_err(|error| error.or_hint_if("deploying", || busy(&environment)))?;
            follow_deployment(call, &environment, &begun, detach)
        }
        ServiceVerb::Attach { prefix } => wish(
            call,
            &environment,
            &prefix,
            "attach",
            "is attached by the next deployment.",
        ),
        ServiceVerb::Detach { prefix } => wish(
            call,
            &environment,
            &prefix,
            "detach",
            "is detached by the next deployment; until then the application uses it. 'windlass service cancel' takes this back.",
        ),
        ServiceVerb::Cancel { prefix } => wish(
            call,
            &environment,
            &prefix,
            "cancel",
            "stays attached; nothing is to be deployed.",
        ),
        ServiceVerb::Rename { prefix, new } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let made = client.patch(&path(&instance), &json!({"prefix": new}))?;
            let next = format!(
                "is the new name of {}; the new variable names come with the next deployment.",
                cell(&instance["prefix"])
            );
            changed(call, &environment, &made, &next)
        }
        ServiceVerb::VariablesFor { prefix, whom } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let made = client.patch(&path(&instance), &json!({ "inject_profile": whom }))?;
            let next = match made["inject_profile"].as_str() {
                Some("none") | None => "gives variables by its own names only".to_owned(),
                Some(whom) => format!("gives variables for {whom} besides"),
            };
            let next = format!("{next}, from the next deployment on.");
            changed(call, &environment, &made, &next)
        }
        ServiceVerb::Remove {
            prefix,
            yes,
            detach,
        } => {
            let instance = scope::instance(client, &environment, &prefix)?;
            let name = cell(&instance["prefix"]);
            let what = format!("Removing {name} of {} with its data", environment.title());
            confirm::destruction(&what, &name, yes)?;
            let begun = client.delete(&format!("{}?confirm={name}", path(&instance)))?;
            let done = format!("{name} of {} has been removed.", environment.title());
            follow::begun(client, &begun, following(call, detach, &done))
        }
    }
}

/// Recorded at once of what is not made yet; else an operation.
fn set_public(
    call: &Call<'_>,
    environment: &Environment,
    prefix: &str,
    public: bool,
    detach: bool,
) -> Result<(), Error> {
    let client = &call.client;
    let instance = scope::instance(client, environment, prefix)?;
    let made = client.patch(&path(&instance), &json!({ "public": public }))?;
    let Some(operation) = made["operation"].as_str() else {
        let next = if public {
            "is public when it is made."
        } else {
            "is private when it is made."
        };
        return changed(call, environment, &made, next);
    };
    let begun = client.get(&format!("/apps/v3/operations/{operation}/"))?;
    let name = format!("{} of {}", cell(&made["prefix"]), environment.title());
    let done = if public {
        format!(
            "{name} is public: everybody reads what it holds. 'windlass service show {prefix}' says where, and the next deployment tells the application."
        )
    } else {
        format!("{name} is private. The next deployment tells the application.")
    };
    follow::begun(client, &begun, following(call, detach, &done))
}

fn following<'a>(call: &Call<'_>, detach: bool, done: &'a str) -> Following<'a> {
    Following {
        detach,
        json: call.json,
        names: Names::new(),
        after: None,
        done,
    }
}

/// A URL as it is written, or the first line of standard input.
fn given(url: String) -> Result<String, Error> {
    if url != "-" {
        return Ok(url);
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn path(instance: &Value) -> String {
    format!("/apps/v3/service-instances/{}/", cell(&instance["uuid"]))
}

fn wish(
    call: &Call<'_>,
    environment: &Environment,
    prefix: &str,
    verb: &str,
    said: &str,
) -> Result<(), Error> {
    let instance = scope::instance(&call.client, environment, prefix)?;
    let path = format!("{}{verb}/", path(&instance));
    let made = call.client.post(&path, &json!({}))?;
    changed(call, environment, &made, said)
}

fn changed(
    call: &Call<'_>,
    environment: &Environment,
    instance: &Value,
    said: &str,
) -> Result<(), Error> {
    if call.json {
        return output::json(instance);
    }
    output::say(&format!(
        "{} of {} {said} (state: {})",
        cell(&instance["prefix"]),
        environment.title(),
        cell(&instance["service_status"])
    ));
    Ok(())
}

fn catalogue(call: &Call<'_>, region: Option<&str>) -> Result<(), Error> {
    let regions = call.client.list("/apps/v3/regions/")?;
    let wanted =
        |known: &&Value| region.is_none_or(|name| known["slug"] == name || known["uuid"] == name);
    let chosen: Vec<&Value> = regions.iter().filter(wanted).collect();
    if let (Some(name), true) = (region, chosen.is_empty()) {
        let names: Vec<String> = regions.iter().map(|known| cell(&known["slug"])).collect();
        return Err(Error::hinted(
            format!("there is no region '{name}'"),
            format!("There is {}.", names.join(", ")),
        ));
    }
    let mut rows = Vec::new();
    let mut items = Vec::new();
    for known in chosen {
        for item in in_region(&call.client, known)? {
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
    if call.json {
        return output::json(&Value::Array(items));
    }
    output::table(
        &["REGION", "SERVICE", "TYPE", "CLUSTER", "DESCRIPTION"],
        &rows,
        "No services are offered there.",
    )
}

fn in_region(client: &Client, region: &Value) -> Result<Vec<Value>, Error> {
    client.list(&format!(
        "/apps/v3/services/?region={}",
        cell(&region["uuid"])
    ))
}

fn list(call: &Call<'_>, environment: &Environment) -> Result<(), Error> {
    let items = scope::instances(&call.client, &environment.id)?;
    if call.json {
        return output::json(&Value::Array(items));
    }
    let failed = |item: &&Value| !item["last_error"].is_null();
    let row = |item: &Value| {
        let mark = if failed(&item) { " (failed)" } else { "" };
        vec![
            cell(&item["prefix"]),
            cell(&item["service_identifier"]),
            format!("{}{mark}", cell(&item["service_status"])),
            cell(&item["in_running_release"]),
            pending(item).to_owned(),
        ]
    };
    output::table(
        &["PREFIX", "SERVICE", "STATE", "IN USE", "NEXT DEPLOYMENT"],
        &items.iter().map(row).collect::<Vec<_>>(),
        &format!(
            "{} has no service instances. 'windlass service catalogue' shows what can be added.",
            environment.title()
        ),
    )?;
    for item in items.iter().filter(failed) {
        output::hinted(&format!(
            "'windlass service show {} -e {}' says why it failed.",
            cell(&item["prefix"]),
            environment.slug
        ));
    }
    Ok(())
}

/// What the next deployment does to it, for people.
fn pending(item: &Value) -> &'static str {
    match item["service_status"].as_str() {
        Some("NEW") => "makes and attaches it",
        Some("PENDING_ATTACHMENT") => "attaches it",
        Some("PENDING_DETACHMENT") => "detaches it",
        _ => "-",
    }
}

fn usage(call: &Call<'_>, environment: &Environment, prefix: &str) -> Result<(), Error> {
    let instance = scope::instance(&call.client, environment, prefix)?;
    let used = call.client.get(&format!("{}usage/", path(&instance)))?;
    if call.json {
        return output::json(&used);
    }
    let bytes = used["bytes"].as_u64().unwrap_or_default();
    let connections = format!(
        "{} of {}",
        cell(&used["connections"]),
        cell(&used["connection_limit"])
    );
    output::fields(&[
        (
            "Size",
            Some(match used["byte_limit"].as_u64() {
                Some(limit) => format!("{} of {}", size(bytes), size(limit)),
                None => size(bytes),
            }),
        ),
        ("Connections", Some(connections)),
    ])
}

/// Bytes for people: `8.3 MiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

fn show(call: &Call<'_>, environment: &Environment, prefix: &str) -> Result<(), Error> {
    let item = scope::instance(&call.client, environment, prefix)?;
    if call.json {
        return output::json(&item);
    }
    let names: Vec<String> = item["variables"]
        .as_array()
        .into_iter()
        .flatten()
        .map(cell)
        .collect();
    let failure = &item["last_error"];
    let whom = filled(&item["inject_profile"]).filter(|whom| whom != "none");
    output::fields(&[
        ("Prefix", filled(&item["prefix"])),
        ("Environment", Some(environment.title())),
        (
            "Service",
            Some(format!(
                "{} ({})",
                cell(&item["service_identifier"]),
                cell(&item["service_name"])
            )),
        ),
        ("Id", filled(&item["uuid"])),
        ("State", filled(&item["service_status"])),
        ("In use", filled(&item["in_running_release"])),
        ("Next deployment", Some(pending(&item).to_owned())),
        ("URL scheme", filled(&item["url_scheme"])),
        ("Variables for", whom),
        ("Public at", public_at(&item)),
        ("Domain", domain(&item)),
        ("Variables", Some(names.join(" "))),
        ("Created", Some(time(&item["created_at"]))),
        ("Last error", filled(&failure["message"])),
        ("Failed step", filled(&failure["step"])),
        ("Hint", filled(&failure["hint"])),
    ])
}

/// Where everybody reads what it holds, for people; nothing of what is private, as most things are.
fn public_at(item: &Value) -> Option<String> {
    if item["public"] != true {
        return None;
    }
    filled(&item["media_host"])
}

fn domain(item: &Value) -> Option<String> {
    let domain = filled(&item["media_domain"])?;
    let is_cdn = item["media_domain_is_cdn"] == true;
    let kind = if is_cdn { " (CDN)" } else { "" };
    Some(format!("{domain}{kind}"))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1_048_576, "1.0 MiB"),
            (8_700_000, "8.2 MiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }
}
