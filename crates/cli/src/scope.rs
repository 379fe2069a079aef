//! Which application and environment a command is about: flags first, else what the git work tree
//! remembers.

use std::process::Command;

use serde_json::Value;

use crate::client::Client;
use crate::command::Scope;
use crate::error::Error;

/// Where a work tree keeps its application's name.
const APPLICATION_KEY: &str = "windlass.application";

/// An application of the server.
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) slug: String,
}

/// An environment of it.
pub(crate) struct Environment {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) application: Application,
}

impl Environment {
    /// For people: `application/environment`.
    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.application.slug, self.slug)
    }
}

/// Asks git; `None` when it says nothing or there is no work tree.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Remembers the application for this work tree and adds the server's repository as the remote
/// `windlass`, with the command line as git's way to the token. Says what it did; no work tree, nothing done.
pub(crate) fn remember(client: &Client, slug: &str) -> Vec<String> {
    if git(&["rev-parse", "--is-inside-work-tree"]).as_deref() != Some("true") {
        return Vec::new();
    }
    let mut done = Vec::new();
    if Command::new("git")
        .args(["config", "--local", APPLICATION_KEY, slug])
        .status()
        .is_ok_and(|status| status.success())
    {
        done.push(format!("This work tree is '{slug}' from now on."));
    }
    let url = format!("{}/git/{slug}.git", client.url());
    if git(&["remote", "get-url", "windlass"]).is_none()
        && Command::new("git")
            .args(["remote", "add", "windlass", &url])
            .status()
            .is_ok_and(|status| status.success())
    {
        let helper = format!("credential.{}.helper", client.url());
        // Errors here only mean that git asks for the password.
        let _ = Command::new("git")
            .args(["config", "--local", &helper, "!windlass git-credential"])
            .status();
        done.push("Push with: git push windlass main".to_owned());
    }
    done
}

/// The name of the application that the flags or the work tree give.
fn application_name(scope: &Scope) -> Result<String, Error> {
    scope.app.clone().or_else(|| git(&["config", "--get", APPLICATION_KEY])).ok_or_else(|| {
        Error::hinted("which application?", "Name it with -a NAME, or work in a git work tree in which 'windlass app create' was run.")
    })
}

/// Finds an application by name.
pub(crate) fn find_application(client: &Client, name: &str) -> Result<Application, Error> {
    let found = client.list(&format!("/apps/v3/applications/?slug={}", encode(name)))?;
    let id = found.first().and_then(|item| item["uuid"].as_str());
    let id = id.ok_or_else(|| {
        Error::hinted(
            format!("there is no application '{name}'"),
            "'windlass app list' shows those that there are.",
        )
    })?;
    Ok(Application {
        id: id.to_owned(),
        slug: name.to_owned(),
    })
}

/// The application that the command is about.
pub(crate) fn application(client: &Client, scope: &Scope) -> Result<Application, Error> {
    find_application(client, &application_name(scope)?)
}

/// The environment that the command is about: `test` without one.
pub(crate) fn environment(
    client: &Client,
    scope: &Scope,
    named: Option<&str>,
) -> Result<Environment, Error> {
    let application = application(client, scope)?;
    let slug = named.or(scope.env.as_deref()).unwrap_or("test").to_owned();
    let found = client.list(&format!(
        "/apps/v3/environments/?application={}&slug={}",
        application.id,
        encode(&slug)
    ))?;
    let id = found
        .first()
        .and_then(|item| item["uuid"].as_str())
        .map(str::to_owned);
    let id = id.ok_or_else(|| {
        Error::user(format!(
            "'{}' has no environment '{slug}'",
            application.slug
        ))
    })?;
    Ok(Environment {
        id,
        slug,
        application,
    })
}

/// The instance of an environment with that prefix. Two kinds may share one: then the kind is needed too.
pub(crate) fn instance(
    client: &Client,
    environment: &Environment,
    name: &str,
) -> Result<Value, Error> {
    let all = client.list(&format!(
        "/apps/v3/service-instances/?environment={}",
        environment.id
    ))?;
    let matching: Vec<&Value> = all
        .iter()
        .filter(|item| {
            let prefix = item["prefix"].as_str().unwrap_or_default();
            let kind = item["type"].as_str().unwrap_or_default();
            item["uuid"] == name
                || prefix.eq_ignore_ascii_case(name)
                || format!("{kind}:{prefix}").eq_ignore_ascii_case(name)
        })
        .collect();
    match matching.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Error::hinted(
            format!(
                "{} has no service instance with the prefix '{name}'",
                environment.title()
            ),
            "'windlass service list' shows those that there are.",
        )),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|item| format!("{}:{}", item["type"].as_str().unwrap_or_default(), name))
                .collect();
            Err(Error::user(format!(
                "'{name}' is the prefix of several instances; name one of {}",
                names.join(", ")
            )))
        }
    }
}

/// Percent-encoding of a query's value.
pub(crate) fn encode(text: &str) -> String {
    windlass_model::percent::encode(text)
}
