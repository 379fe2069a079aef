//! `windlass token`.

use serde_json::{Value, json};

use super::organisations;
use crate::client::Client;
use crate::command::{CreateToken, TokenVerb};
use crate::error::Error;
use crate::output::{self, cell, time};
use crate::scope;

const PATH: &str = "/iam/v3/tokens/";

pub(super) fn run(client: &Client, as_json: bool, verb: TokenVerb) -> Result<(), Error> {
    match verb {
        TokenVerb::Create(new) => create(client, as_json, &new),
        TokenVerb::List { owner } => list(client, as_json, owner.as_deref()),
        TokenVerb::Revoke { which, owner } => {
            let all = client.list(&path(client, owner.as_deref())?)?;
            let is_it = |item: &&Value| item["uuid"] == *which || item["name"] == *which;
            let found: Vec<&Value> = all.iter().filter(is_it).collect();
            let [one] = found.as_slice() else {
                let what = if found.is_empty() {
                    format!("there is no token '{which}'")
                } else {
                    format!("several tokens are called '{which}'")
                };
                return Err(Error::hinted(
                    what,
                    "Name one by its id; 'windlass token list --json' shows them.",
                ));
            };
            client.delete(&format!("{PATH}{}/", cell(&one["uuid"])))?;
            output::say(&format!("Token '{}' is revoked.", cell(&one["name"])));
            Ok(())
        }
    }
}

fn create(client: &Client, as_json: bool, new: &CreateToken) -> Result<(), Error> {
    let owner = new.owner.as_deref();
    let owner = owner.map(|email| organisations::service_account(client, email));
    let organisation = new.organisation.as_deref();
    let organisation = organisation.map(|name| organisations::organisation(client, Some(name)));
    let application = new.app.as_deref();
    let application = application.map(|name| scope::application(client, Some(name)));
    let body = json!({
        "name": new.name.as_deref().unwrap_or("command line"),
        "level": new.level.as_str(),
        "user": owner.transpose()?,
        "organisation": organisation.transpose()?.map(|found| found["uuid"].clone()),
        "application": application.transpose()?.map(|found| found.id),
        "expires_at": new.expires,
    });
    let made = client.post(PATH, &body)?;
    if as_json {
        return output::json(&made);
    }
    output::line(&cell(&made["token"]))?;
    output::say("Only its hash is kept: it is not shown again.");
    Ok(())
}

fn list(client: &Client, as_json: bool, owner: Option<&str>) -> Result<(), Error> {
    let items = client.list(&path(client, owner)?)?;
    if as_json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        let reach = match (&item["application"], &item["organisation"]) {
            (Value::Null, Value::Null) => "everywhere",
            (Value::Null, _) => "one organisation",
            _ => "one application",
        };
        vec![
            cell(&item["name"]),
            cell(&item["level"]),
            reach.to_owned(),
            time(&item["created_at"]),
            time(&item["last_used_at"]),
            time(&item["expires_at"]),
        ]
    };
    output::table(
        &["TOKEN", "LEVEL", "FOR", "MADE", "LAST USED", "ENDS"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "There are no tokens. 'windlass token create' makes one.",
    )
}

/// The list of the caller's tokens, or of a service account's.
fn path(client: &Client, owner: Option<&str>) -> Result<String, Error> {
    Ok(match owner {
        None => PATH.to_owned(),
        Some(email) => format!(
            "{PATH}?user={}",
            organisations::service_account(client, email)?
        ),
    })
}
