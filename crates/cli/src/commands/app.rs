//! `windlass app`.

use serde_json::{Value, json};

use super::{env, organisations};
use crate::client::Client;
use crate::command::AppVerb;
use crate::error::Error;
use crate::follow::Following;
use crate::output::{cell, time};
use crate::{confirm, follow, output, scope};

pub(super) fn run(
    client: &Client,
    app: Option<&str>,
    as_json: bool,
    verb: AppVerb,
) -> Result<(), Error> {
    match verb {
        AppVerb::Create {
            name,
            title,
            region,
            organisation,
            branch,
            release_command,
        } => {
            let organisation = organisation
                .map(|name| organisations::organisation(client, Some(&name)))
                .transpose()?;
            let body = json!({
                "organisation": organisation.map(|found| found["uuid"].clone()),
                "slug": name,
                "name": title.unwrap_or_else(|| name.clone()),
                "region": region,
                "branch": branch,
                "release_commands": commands(&release_command),
            });
            let made = client.post("/apps/v3/applications/", &body)?;
            output::say(&format!(
                "Application '{name}' has been created, with the environments test and live."
            ));
            scope::remember(client, &name, &branch);
            if as_json {
                output::json(&made)?;
            }
            Ok(())
        }
        AppVerb::List => list(client, as_json),
        // A name that is given as an argument counts before flags and work tree.
        AppVerb::Show { name } => show(client, name.as_deref().or(app), as_json),
        AppVerb::ReleaseCommands { commands: given } => {
            let application = scope::application(client, app)?;
            let body = json!({"release_commands": commands(&given)});
            let changed =
                client.patch(&format!("/apps/v3/applications/{}/", application.id), &body)?;
            if as_json {
                return output::json(&changed);
            }
            output::say(&match given.len() {
                0 => format!(
                    "'{}' runs no release commands from the next deployment on.",
                    application.slug
                ),
                1 => format!(
                    "'{}' runs this release command from the next deployment on.",
                    application.slug
                ),
                several => format!(
                    "'{}' runs these {several} release commands from the next deployment on.",
                    application.slug
                ),
            });
            Ok(())
        }
        AppVerb::Remove { name, yes, detach } => {
            let application = scope::application(client, name.as_deref().or(app))?;
            let names = scope::instance_names(client, &application)?;
            let services = names.values().cloned().collect::<Vec<_>>().join(", ");
            let with = if services.is_empty() {
                "its environments and its code".to_owned()
            } else {
                format!("its environments, its code, and the data of {services}")
            };
            let what = format!("Removing application '{}' with {with}", application.slug);
            confirm::destruction(&what, &application.slug, yes)?;
            let path = format!(
                "/apps/v3/applications/{}/?confirm={}",
                application.id, application.slug
            );
            let how = Following {
                detach,
                json: as_json,
                names,
                after: None,
                done: &format!("Application '{}' has been removed.", application.slug),
            };
            follow::begun(client, &client.delete(&path)?, how)
        }
    }
}

fn commands(texts: &[String]) -> Value {
    texts.iter().map(|text| command(text)).collect()
}

/// `label=command`, where the label is a plain word, or just the command.
fn command(text: &str) -> Value {
    let plain = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    match text.split_once('=') {
        Some((label, command)) if plain(label) => json!({"label": label, "command": command}),
        _ => json!({"label": text.split_whitespace().next().unwrap_or("command"), "command": text}),
    }
}

fn list(client: &Client, as_json: bool) -> Result<(), Error> {
    let items = client.list("/apps/v3/applications/")?;
    if as_json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let name = if item["removing"] == true {
            format!("{} (is being removed)", cell(&item["name"]))
        } else {
            cell(&item["name"])
        };
        vec![cell(&item["slug"]), name, time(&item["created_at"])]
    };
    output::table(
        &["APPLICATION", "NAME", "CREATED"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "There are no applications yet. Create one: windlass app create NAME",
    )
}

fn show(client: &Client, name: Option<&str>, as_json: bool) -> Result<(), Error> {
    let application = scope::application(client, name)?;
    let item = client.get(&format!("/apps/v3/applications/{}/", application.id))?;
    if as_json {
        return output::json(&item);
    }
    let repository = client.get(&format!(
        "/apps/v3/repositories/{}/",
        cell(&item["repository"])
    ))?;
    let region = client.get(&format!("/apps/v3/regions/{}/", cell(&item["region"])))?;
    let mut fields = vec![
        ("Application", output::filled(&item["slug"])),
        ("Name", output::filled(&item["name"])),
        ("Region", output::filled(&region["slug"])),
        ("Created", Some(time(&item["created_at"]))),
        ("Repository", output::filled(&repository["dsn"])),
    ];
    for command in item["release_commands"].as_array().into_iter().flatten() {
        let text = format!("{}: {}", cell(&command["label"]), cell(&command["command"]));
        fields.push(("Release command", Some(text)));
    }
    if item["removing"] == true {
        fields.push(("Removal", Some("under way".to_owned())));
    }
    output::fields(&fields)?;
    output::line("")?;
    env::table(&scope::environments(client, &application)?)
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
