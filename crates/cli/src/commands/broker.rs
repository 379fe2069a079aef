//! `windlass broker`.

use std::fs;
use std::io::{self, IsTerminal, Read};

use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::command::{BrokerAccess, BrokerVerb};
use crate::error::Error;
use crate::output::{self, cell};
use crate::terminal;

const PATH: &str = "/apps/v3/service-brokers/";

pub(super) fn run(client: &Client, as_json: bool, verb: BrokerVerb) -> Result<(), Error> {
    match verb {
        BrokerVerb::Add {
            name,
            url,
            region,
            access,
        } => {
            if !access.password_stdin {
                return Err(Error::hinted(
                    "a broker needs a password or a token",
                    "Give --password-stdin, and the password on standard input: arguments can be seen by others.",
                ));
            }
            let mut body = fields(&access)?;
            body.insert("name".to_owned(), json!(name));
            body.insert("url".to_owned(), json!(url));
            body.insert("region".to_owned(), json!(region));
            let made = client.post(PATH, &Value::Object(body))?;
            shown(&made, as_json, "is registered.")
        }
        BrokerVerb::List => list(client, as_json),
        BrokerVerb::Refresh { name } => {
            let path = format!("{}refresh/", named(client, &name)?);
            let made = client.post(&path, &json!({}))?;
            shown(&made, as_json, "is up to date.")
        }
        BrokerVerb::Update { name, url, access } => {
            let path = named(client, &name)?;
            let mut body = fields(&access)?;
            if let Some(url) = url {
                body.insert("url".to_owned(), json!(url));
            }
            let made = client.patch(&path, &Value::Object(body))?;
            shown(&made, as_json, "is changed.")
        }
        BrokerVerb::Remove { name } => {
            client.delete(&named(client, &name)?)?;
            output::say(&format!(
                "Broker {name} is removed; its services are not offered any more."
            ));
            Ok(())
        }
    }
}

fn fields(access: &BrokerAccess) -> Result<Map<String, Value>, Error> {
    let mut body = Map::new();
    if let Some(user) = &access.user {
        body.insert("user".to_owned(), json!(user));
    }
    if let Some(profile) = access.profile {
        body.insert("profile".to_owned(), json!(profile.as_str()));
    }
    if let Some(file) = &access.ca {
        let pem = fs::read_to_string(file)
            .map_err(|error| Error::user(format!("{} cannot be read: {error}", file.display())))?;
        body.insert("ca_pem".to_owned(), json!(pem));
    }
    if access.password_stdin {
        body.insert("password".to_owned(), json!(password()?));
    }
    Ok(body)
}

fn password() -> Result<String, Error> {
    if io::stdin().is_terminal() {
        return terminal::read_hidden("Password of the broker: ");
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    // What 'echo' and editors put behind it; blanks may belong to it.
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(text)
}

/// The path of the broker of that name.
fn named(client: &Client, name: &str) -> Result<String, Error> {
    let known = client.list(PATH)?;
    let found = known.iter().find(|item| item["name"] == name);
    match found {
        Some(item) => Ok(format!("{PATH}{}/", cell(&item["uuid"]))),
        None => Err(Error::hinted(
            format!("there is no broker '{name}'"),
            "'windlass broker list' shows those that there are.",
        )),
    }
}

fn shown(broker: &Value, as_json: bool, said: &str) -> Result<(), Error> {
    if as_json {
        return output::json(broker);
    }
    output::say(&format!("Broker {} {said}", cell(&broker["name"])));
    table(std::slice::from_ref(broker))
}

fn list(client: &Client, as_json: bool) -> Result<(), Error> {
    let brokers = client.list(PATH)?;
    if as_json {
        return output::json(&Value::Array(brokers));
    }
    table(&brokers)
}

fn table(brokers: &[Value]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for broker in brokers {
        for service in broker["services"].as_array().into_iter().flatten() {
            let obstacle = &service["obstacle"];
            rows.push(vec![
                cell(&broker["name"]),
                cell(&broker["url"]),
                cell(&service["identifier"]),
                cell(&service["type"]),
                if obstacle.is_null() {
                    cell(&service["description"])
                } else {
                    format!("not offered: {}", cell(obstacle))
                },
            ]);
        }
    }
    output::table(
        &["BROKER", "URL", "SERVICE", "TYPE", "DESCRIPTION"],
        &rows,
        "No brokers are registered. 'windlass broker add' registers one.",
    )
}
