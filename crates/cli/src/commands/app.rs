//! `windlass app`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{AppVerb, Scope, Server};
use crate::error::Error;
use crate::output::cell;
use crate::{confirm, follow, output, scope};

pub(super) fn run(
    client: &Client,
    server: &Server,
    scope: &Scope,
    verb: AppVerb,
) -> Result<(), Error> {
    match verb {
        AppVerb::Create {
            name,
            title,
            branch,
            release_command,
        } => {
            let body = json!({
                "slug": name,
                "name": title.unwrap_or_else(|| name.clone()),
                "branch": branch,
                "release_commands": release_command.iter().map(|text| command(text)).collect::<Vec<_>>(),
            });
            let made = client.post("/apps/v3/applications/", &body)?;
            for line in scope::remember(client, &name) {
                output::say(&line);
            }
            if server.json {
                output::json(&made)
            } else {
                output::line(&format!("Application '{name}' has been created."))
            }
        }
        AppVerb::List => list(client, server),
        AppVerb::Show { name } => show(client, server, &named(scope, name)),
        AppVerb::ReleaseCommands { commands } => {
            let application = scope::application(client, scope)?;
            let body = json!({"release_commands": commands.iter().map(|text| command(text)).collect::<Vec<_>>()});
            let changed =
                client.patch(&format!("/apps/v3/applications/{}/", application.id), &body)?;
            if server.json {
                output::json(&changed)
            } else {
                output::line("They take effect with the next deployment.")
            }
        }
        AppVerb::Remove { name, yes, detach } => {
            let application = scope::application(client, &named(scope, name))?;
            confirm::destruction(
                "Removing an application with its data",
                &application.slug,
                yes,
            )?;
            let path = format!(
                "/apps/v3/applications/{}/?confirm={}",
                application.id, application.slug
            );
            follow::begun(client, &client.delete(&path)?, detach, server.json)
        }
    }
}

/// A name given as an argument counts before flags and work tree.
fn named(scope: &Scope, name: Option<String>) -> Scope {
    Scope {
        app: name.or_else(|| scope.app.clone()),
        env: scope.env.clone(),
    }
}

/// `label=command`, where the label is a plain word, or just the command.
fn command(text: &str) -> Value {
    let plain = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_ ".contains(c))
    };
    match text.split_once('=') {
        Some((label, command)) if plain(label) && !label.contains(' ') => {
            json!({"label": label, "command": command})
        }
        _ => json!({"label": text.split_whitespace().next().unwrap_or("command"), "command": text}),
    }
}

fn list(client: &Client, server: &Server) -> Result<(), Error> {
    let items = client.list("/apps/v3/applications/")?;
    if server.json {
        return output::json(&Value::Array(items));
    }
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| {
            vec![
                cell(&item["slug"]),
                cell(&item["name"]),
                cell(&item["created_at"]),
            ]
        })
        .collect();
    output::table(&["APPLICATION", "NAME", "CREATED"], &rows)
}

fn show(client: &Client, server: &Server, scope: &Scope) -> Result<(), Error> {
    let application = scope::application(client, scope)?;
    let item = client.get(&format!("/apps/v3/applications/{}/", application.id))?;
    if server.json {
        return output::json(&item);
    }
    let repository = client.get(&format!(
        "/apps/v3/repositories/{}/",
        cell(&item["repository"])
    ))?;
    output::line(&format!(
        "Application  {} ({})",
        cell(&item["slug"]),
        cell(&item["name"])
    ))?;
    output::line(&format!("Repository   {}", cell(&repository["dsn"])))?;
    for command in item["release_commands"].as_array().into_iter().flatten() {
        output::line(&format!(
            "Release      {}: {}",
            cell(&command["label"]),
            cell(&command["command"])
        ))?;
    }
    for environment in client.list(&format!(
        "/apps/v3/environments/?application={}",
        application.id
    ))? {
        let site = environment["site_url"]
            .as_str()
            .unwrap_or("not deployed yet");
        output::line(&format!(
            "Environment  {} (branch {}): {site}",
            cell(&environment["slug"]),
            cell(&environment["branch"])
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_plain_word_before_the_first_equals_sign() {
        assert_eq!(
            command("migrate=python manage.py migrate"),
            json!({"label": "migrate", "command": "python manage.py migrate"})
        );
        assert_eq!(
            command("python manage.py migrate"),
            json!({"label": "python", "command": "python manage.py migrate"})
        );
        assert_eq!(
            command("env A=b ./run"),
            json!({"label": "env", "command": "env A=b ./run"})
        );
    }
}
