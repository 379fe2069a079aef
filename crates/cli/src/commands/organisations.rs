//! `windlass organisations`, `windlass members`.

use serde_json::{Value, json};

use crate::client::Client;
use crate::command::{MemberVerb, OrganisationVerb};
use crate::error::Error;
use crate::output::{self, cell, time};

const PATH: &str = "/iam/v3/organisations/";

pub(super) fn run(client: &Client, as_json: bool, verb: OrganisationVerb) -> Result<(), Error> {
    match verb {
        OrganisationVerb::List => {
            let items = client.list(PATH)?;
            if as_json {
                return output::json(&Value::Array(items));
            }
            let row = |item: &Value| ["name", "uuid"].map(|field| cell(&item[field])).to_vec();
            output::table(
                &["ORGANISATION", "ID"],
                &items.iter().map(row).collect::<Vec<_>>(),
                "You are in no organisation.",
            )
        }
        OrganisationVerb::Create { name } => {
            let made = client.post(PATH, &json!({ "name": name }))?;
            if as_json {
                return output::json(&made);
            }
            output::say(&format!(
                "Organisation '{name}' has been created; you own it."
            ));
            Ok(())
        }
    }
}

pub(super) fn members(
    client: &Client,
    named: Option<&str>,
    as_json: bool,
    verb: MemberVerb,
) -> Result<(), Error> {
    let base = path(client, named)?;
    let list = format!("{base}members/");
    match verb {
        MemberVerb::List => {
            let items = client.list(&list)?;
            if as_json {
                return output::json(&Value::Array(items));
            }
            let row = |item: &Value| {
                let kind = if item["is_service_account"] == true {
                    "service account"
                } else {
                    "person"
                };
                vec![
                    cell(&item["email"]),
                    cell(&item["role"]),
                    kind.to_owned(),
                    time(&item["joined_at"]),
                ]
            };
            output::table(
                &["MEMBER", "ROLE", "KIND", "SINCE"],
                &items.iter().map(row).collect::<Vec<_>>(),
                "The organisation has no members.",
            )
        }
        MemberVerb::Role { email, role } => {
            let path = format!("{list}{}/", member(client, &list, &email)?);
            let changed = client.patch(&path, &json!({ "role": role.as_str() }))?;
            if as_json {
                return output::json(&changed);
            }
            output::say(&format!("{email} is '{}' now.", role.as_str()));
            Ok(())
        }
        MemberVerb::Remove { email } => {
            client.delete(&format!("{list}{}/", member(client, &list, &email)?))?;
            output::say(&format!(
                "{email} is removed; its tokens for the organisation are not taken any more."
            ));
            Ok(())
        }
        MemberVerb::AddServiceAccount { name, role } => {
            let body = json!({ "name": name, "role": role.as_str() });
            let made = client.post(&format!("{base}service-accounts/"), &body)?;
            if as_json {
                return output::json(&made);
            }
            let email = cell(&made["email"]);
            output::line(&email)?;
            output::say(&format!(
                "It has no token yet: windlass token create --for {email} --name ci --level deploy"
            ));
            Ok(())
        }
    }
}

/// The organisation that is named, else the only one.
pub(super) fn organisation(client: &Client, named: Option<&str>) -> Result<Value, Error> {
    let all = client.list(PATH)?;
    let is_it =
        |item: &&Value| named.is_none_or(|name| item["name"] == name || item["uuid"] == name);
    let found: Vec<&Value> = all.iter().filter(is_it).collect();
    match (found.as_slice(), named) {
        ([one], _) => Ok((*one).clone()),
        ([], Some(name)) => Err(Error::hinted(
            format!("there is no organisation '{name}'"),
            "'windlass organisations list' shows those that you are in.",
        )),
        ([], None) => Err(Error::user("you are in no organisation")),
        (_, Some(name)) => Err(Error::hinted(
            format!("several organisations are called '{name}'"),
            "Name one by its id; 'windlass organisations list' shows them.",
        )),
        (_, None) => Err(Error::hinted(
            "you are in several organisations",
            "Name one with -o; 'windlass organisations list' shows them.",
        )),
    }
}

/// Its path.
pub(super) fn path(client: &Client, named: Option<&str>) -> Result<String, Error> {
    let found = organisation(client, named)?;
    Ok(format!("{PATH}{}/", cell(&found["uuid"])))
}

/// The id of the member with that address.
fn member(client: &Client, list: &str, email: &str) -> Result<String, Error> {
    let all = client.list(list)?;
    let found = all.iter().find(|item| is_address(item, email));
    found.map(|item| cell(&item["uuid"])).ok_or_else(|| {
        Error::hinted(
            format!("{email} is no member of the organisation"),
            "'windlass members list' shows who is.",
        )
    })
}

fn is_address(item: &Value, email: &str) -> bool {
    let held = item["email"].as_str();
    held.is_some_and(|held| held.eq_ignore_ascii_case(email))
}

/// The id of the service account with that address, in any organisation of the caller.
pub(super) fn service_account(client: &Client, email: &str) -> Result<String, Error> {
    for organisation in client.list(PATH)? {
        let list = format!("{PATH}{}/members/", cell(&organisation["uuid"]));
        let all = client.list(&list)?;
        let mut found = all.iter().filter(|item| is_address(item, email));
        if let Some(item) = found.find(|item| item["is_service_account"] == true) {
            return Ok(cell(&item["uuid"]));
        }
    }
    Err(Error::hinted(
        format!("there is no service account {email}"),
        "'windlass members list' shows those that there are.",
    ))
}
