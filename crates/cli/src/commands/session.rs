//! `login`, `logout`, and git's question for the password.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::client::Client;
use crate::command::Server;
use crate::error::Error;
use crate::settings::{self, Target};
use crate::{follow, output};

pub(super) fn login(server: &Server, url: &str) -> Result<(), Error> {
    let token = match &server.token {
        Some(token) => token.clone(),
        None => ask_token()?,
    };
    let url = settings::normal(url);
    let client = Client::new(Target {
        url: url.clone(),
        token: token.clone(),
    });
    let me = client.get("/iam/v3/me/")?;
    let email = follow::text(&me, "email")?;
    let path = settings::remember(&url, &email, &token)?;
    if server.json {
        return output::json(&me);
    }
    output::say(&format!(
        "Logged in to {url} as {email}; the token is kept in {}.",
        path.display()
    ));
    Ok(())
}

/// From a pipe as it is, from a terminal with a question.
fn ask_token() -> Result<String, Error> {
    if io::stdin().is_terminal() {
        let mut talk = io::stderr().lock();
        write!(talk, "Token: ")?;
        talk.flush()?;
    }
    let mut token = String::new();
    io::stdin().lock().read_line(&mut token)?;
    let token = token.trim().to_owned();
    if token.is_empty() {
        return Err(Error::hinted(
            "no token was given",
            "Give it on standard input, or in WINDLASS_TOKEN.",
        ));
    }
    Ok(token)
}

pub(super) fn logout(url: Option<&str>) -> Result<(), Error> {
    match settings::forget(url)? {
        Some(url) => output::say(&format!("The login of {url} is forgotten.")),
        None => return Err(Error::user("there is no such login")),
    }
    Ok(())
}

/// gitcredentials(7): answers `get` for a server that we are logged in to.
pub(super) fn git_credential(server: &Server, action: &str) -> Result<(), Error> {
    if action != "get" {
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
    let asked = Server {
        url: Some(format!("{protocol}://{host}")),
        ..server.clone()
    };
    // Not logged in there: git goes on to ask the user.
    if let Ok(target) = settings::target(&asked) {
        output::line(&format!("username=windlass\npassword={}", target.token))?;
    }
    Ok(())
}
