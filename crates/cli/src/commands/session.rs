//! `login`, `logout`, and git's question for the password.

use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

use serde_json::json;

use crate::client::Client;
use crate::command::{GitCredential, Login, Logout};
use crate::error::Error;
use crate::settings::{self, Target};
use crate::{follow, output, terminal};

pub(super) fn login(login: &Login) -> Result<(), Error> {
    let url = settings::url(login.url.as_deref())?;
    let token = match (&login.first_token, &login.token) {
        (Some(file), _) => first_token(file)?,
        (None, Some(token)) => token.clone(),
        (None, None) => ask_token(&url)?,
    };
    let client = Client::new(Target {
        url: url.clone(),
        token: token.clone(),
    });
    let me = client.get("/iam/v3/me/")?;
    let email = follow::text(&me, "email")?;
    let path = settings::remember(&url, &email, &token)?;
    if login.json {
        output::json(&me)?;
    } else {
        output::say(&format!(
            "Logged in to {url} as {email}; the token is kept in {}.",
            path.display()
        ));
    }
    match &login.first_token {
        Some(file) => take(file),
        None => Ok(()),
    }
}

/// The token in the file that the server's first start wrote.
fn first_token(file: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(file).map_err(|error| {
        let text = format!("{} cannot be read: {error}", file.display());
        if error.kind() == io::ErrorKind::NotFound {
            Error::hinted(
                text,
                "The first token can be taken once. 'windlass token create' on the server's machine makes another one.",
            )
        } else {
            Error::user(text)
        }
    })?;
    given(text.trim())
}

/// The login has the token now: the file must not have it any longer.
fn take(file: &Path) -> Result<(), Error> {
    fs::remove_file(file).map_err(|error| {
        Error::hinted(
            format!(
                "you are logged in, but {} still holds the token and cannot be removed: {error}",
                file.display()
            ),
            "Remove it by hand.",
        )
    })
}

/// From a pipe as it is, from a terminal with a question and without showing it.
fn ask_token(url: &str) -> Result<String, Error> {
    given(&terminal::read_hidden(&format!("Token for {url}: "))?)
}

fn given(token: &str) -> Result<String, Error> {
    if token.is_empty() {
        return Err(Error::hinted(
            "no token was given",
            "Give it on standard input, or in WINDLASS_TOKEN.",
        ));
    }
    Ok(token.to_owned())
}

pub(super) fn logout(logout: &Logout) -> Result<(), Error> {
    let url = settings::forget(logout.url.as_deref())?
        .ok_or_else(|| Error::user("there is no such login"))?;
    if logout.json {
        return output::json(&json!({ "server": url }));
    }
    output::say(&format!("The login of {url} is forgotten."));
    Ok(())
}

/// gitcredentials(7): answers `get` for a server that we are logged in to.
pub(super) fn git_credential(asked: &GitCredential) -> Result<(), Error> {
    if asked.action != "get" {
        return Ok(());
    }
    let (mut protocol, mut host) = (String::new(), String::new());
    for line in io::stdin().lock().lines() {
        let line = line?;
        if let Some(value) = line.strip_prefix("protocol=") {
            value.clone_into(&mut protocol);
        } else if let Some(value) = line.strip_prefix("host=") {
            value.clone_into(&mut host);
        }
    }
    let url = format!("{protocol}://{host}");
    // Not logged in there: git goes on to ask the user.
    if let Ok(target) = settings::target(Some(&url), asked.token.as_deref()) {
        output::line(&format!("username=windlass\npassword={}", target.token))?;
    }
    Ok(())
}
