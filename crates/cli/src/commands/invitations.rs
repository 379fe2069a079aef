//! `windlass invitations`.

use serde_json::{Value, json};

use super::organisations;
use crate::client::Client;
use crate::command::{InvitationVerb, Server};
use crate::error::Error;
use crate::output::{self, cell, time};
use crate::settings::{self, Target};
use crate::terminal;

pub(super) fn run(server: &Server, named: Option<&str>, verb: InvitationVerb) -> Result<(), Error> {
    let as_json = server.json;
    match verb {
        InvitationVerb::List => list(&super::client(server)?, named, as_json),
        InvitationVerb::Create { email, role } => {
            let client = super::client(server)?;
            let path = format!("{}invitations/", organisations::path(&client, named)?);
            let body = json!({ "email": email, "role": role.as_str() });
            let made = client.post(&path, &body)?;
            if as_json {
                return output::json(&made);
            }
            output::line(&cell(&made["link"]))?;
            output::say(&format!(
                "Give this link to {email}; it is not shown again, and is good until {}. Who has it can accept with: \
                 windlass invitations register LINK --first-name ... --last-name ..., or logged in: windlass \
                 invitations accept LINK",
                time(&made["expires_at"])
            ));
            Ok(())
        }
        InvitationVerb::Revoke { invitation } => {
            let client = super::client(server)?;
            let path = format!("{}invitations/", organisations::path(&client, named)?);
            let all = client.list(&path)?;
            let is_it = |item: &&Value| item["uuid"] == *invitation || item["email"] == *invitation;
            let found: Vec<&Value> = all.iter().filter(is_it).collect();
            if found.is_empty() {
                return Err(Error::hinted(
                    format!("there is no open invitation for {invitation}"),
                    "'windlass invitations list' shows those that there are.",
                ));
            }
            for item in found {
                client.delete(&format!("{path}{}/", cell(&item["uuid"])))?;
            }
            output::say(&format!("The invitation of {invitation} is revoked."));
            Ok(())
        }
        InvitationVerb::Accept { link } => {
            let client = super::client(server)?;
            let body = json!({ "link": given(link)? });
            let joined = client.post("/iam/v3/invitations/accept/", &body)?;
            if as_json {
                return output::json(&joined);
            }
            output::say(&format!(
                "You are in the organisation '{}' now.",
                cell(&joined["name"])
            ));
            Ok(())
        }
        InvitationVerb::Register {
            link,
            first_name,
            last_name,
        } => {
            let link = given(link)?;
            let url = match (&server.url, link.split_once("/invitations/")) {
                (Some(url), _) => url.clone(),
                (None, Some((url, _))) => url.to_owned(),
                (None, None) => settings::url(None)?,
            };
            let url = settings::normal(&url);
            let client = Client::new(Target {
                url: url.clone(),
                token: String::new(),
            });
            let body = json!({ "link": link, "first_name": first_name, "last_name": last_name });
            let made = client.post("/iam/v3/invitations/register/", &body)?;
            let email = cell(&made["user"]["email"]);
            let token = made["token"].as_str().unwrap_or_default();
            let path = settings::remember(&url, &email, token)?;
            if as_json {
                return output::json(&made["user"]);
            }
            output::say(&format!(
                "You are {email} in the organisation '{}', and logged in to {url}; the token is kept in {}.",
                cell(&made["organisation"]["name"]),
                path.display()
            ));
            Ok(())
        }
    }
}

fn given(link: Option<String>) -> Result<String, Error> {
    match link {
        Some(link) => Ok(link),
        None => terminal::read_hidden("Link: "),
    }
}

fn list(client: &Client, named: Option<&str>, as_json: bool) -> Result<(), Error> {
    let path = format!("{}invitations/", organisations::path(client, named)?);
    let items = client.list(&path)?;
    if as_json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        vec![
            cell(&item["email"]),
            cell(&item["role"]),
            cell(&item["invited_by"]),
            time(&item["expires_at"]),
        ]
    };
    output::table(
        &["INVITED", "ROLE", "BY", "GOOD UNTIL"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "No invitation is open. 'windlass invitations create ADDRESS' makes one.",
    )
}
