//! Which application and environment a command is about: flags first, else what the git work tree
//! remembers.

use std::process::Command;

use serde_json::Value;

use crate::client::Client;
use crate::command::Scope;
use crate::error::Error;
use crate::output::{self, cell};
use crate::steps::Names;

/// Where a work tree keeps its application's name.
const APPLICATION_KEY: &str = "windlass.application";
/// The environment when none is named.
const ENVIRONMENT: &str = "test";

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

fn git_does(arguments: &[&str]) -> bool {
    let status = Command::new("git").args(arguments).status();
    status.is_ok_and(|status| status.success())
}

/// Remembers the application for this work tree and adds the server's repository as the remote
/// `windlass`, with the command line as git's way to the token. Says what it did, and what comes next.
pub(crate) fn remember(client: &Client, slug: &str, branch: &str) {
    if git(&["rev-parse", "--is-inside-work-tree"]).as_deref() != Some("true") {
        output::say(&format!(
            "Name it with '-a {slug}' from now on, or work in a git work tree where 'git config {APPLICATION_KEY} {slug}' was run."
        ));
        return;
    }
    if git_does(&["config", "--local", APPLICATION_KEY, slug]) {
        output::say(&format!(
            "This work tree is '{slug}' from now on: no -a needed."
        ));
    }
    let url = format!("{}/git/{slug}.git", client.url());
    let remote = git(&["remote", "get-url", "windlass"]);
    if remote.is_none() && git_does(&["remote", "add", "windlass", &url]) {
        let helper = format!("credential.{}.helper", client.url());
        // An error here only means that git asks for the password.
        let _ = git_does(&["config", "--local", &helper, "!windlass git-credential"]);
        output::say(&format!(
            "Push with: git push windlass {branch}. Then: windlass deploy"
        ));
    } else if let Some(other) = remote.filter(|other| *other != url) {
        output::say(&format!(
            "The remote 'windlass' is {other} already and stays so; this application's repository is {url}."
        ));
    }
}

/// The name of the application that the flags or the work tree give.
fn application_name(named: Option<&str>) -> Result<String, Error> {
    named
        .map(str::to_owned)
        .or_else(|| git(&["config", "--get", APPLICATION_KEY]))
        .ok_or_else(|| {
            Error::hinted(
                "no application is named",
                "Name it with -a NAME, or work in a git work tree in which 'windlass app create' was run.",
            )
        })
}

/// The application that the command is about, by its name or the work tree's.
pub(crate) fn application(client: &Client, named: Option<&str>) -> Result<Application, Error> {
    let slug = application_name(named)?;
    let found = client.list(&format!("/apps/v3/applications/?slug={}", encode(&slug)))?;
    let id = found.first().and_then(|item| item["uuid"].as_str());
    let id = id.ok_or_else(|| {
        Error::hinted(
            format!("there is no application '{slug}'"),
            "'windlass app list' shows those that there are.",
        )
    })?;
    Ok(Application {
        id: id.to_owned(),
        slug,
    })
}

/// The environment that the command is about: the one that is named, else the one of the flags, else `test`.
pub(crate) fn environment(
    client: &Client,
    scope: &Scope,
    named: Option<&str>,
) -> Result<Environment, Error> {
    let application = application(client, scope.application.app.as_deref())?;
    let named = named.or(scope.environment.env.as_deref());
    environment_of(client, application, named)
}

/// The environment of an application: `test` when none is named.
pub(crate) fn environment_of(
    client: &Client,
    application: Application,
    named: Option<&str>,
) -> Result<Environment, Error> {
    let slug = named.unwrap_or(ENVIRONMENT);
    let all = environments(client, &application)?;
    let found = all.iter().find(|item| item["slug"] == slug);
    let id = found.and_then(|item| item["uuid"].as_str());
    let id = id.ok_or_else(|| {
        let there: Vec<String> = all.iter().map(|item| cell(&item["slug"])).collect();
        Error::hinted(
            format!("'{}' has no environment '{slug}'", application.slug),
            format!(
                "It has {}; 'windlass env create' makes another.",
                there.join(", ")
            ),
        )
    })?;
    Ok(Environment {
        id: id.to_owned(),
        slug: slug.to_owned(),
        application,
    })
}

/// The environments of an application.
pub(crate) fn environments(
    client: &Client,
    application: &Application,
) -> Result<Vec<Value>, Error> {
    client.list(&format!(
        "/apps/v3/environments/?application={}",
        application.id
    ))
}

/// The instances of an environment.
pub(crate) fn instances(client: &Client, environment: &str) -> Result<Vec<Value>, Error> {
    client.list(&format!(
        "/apps/v3/service-instances/?environment={}",
        encode(environment)
    ))
}

/// What the instances of an application are called, as `environment/PREFIX`.
pub(crate) fn instance_names(client: &Client, application: &Application) -> Result<Names, Error> {
    let mut names = Names::new();
    for environment in environments(client, application)? {
        for instance in instances(client, &cell(&environment["uuid"]))? {
            let name = format!(
                "{}/{}",
                cell(&environment["slug"]),
                cell(&instance["prefix"])
            );
            names.insert(cell(&instance["uuid"]), name);
        }
    }
    Ok(names)
}

/// The instance of an environment with that prefix. Two kinds may share one: then the kind is needed too.
pub(crate) fn instance(
    client: &Client,
    environment: &Environment,
    name: &str,
) -> Result<Value, Error> {
    let all = instances(client, &environment.id)?;
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
                .map(|item| format!("{}:{}", cell(&item["type"]), name))
                .collect();
            Err(Error::hinted(
                format!("'{name}' is the prefix of several instances"),
                format!("Name one of {}.", names.join(", ")),
            ))
        }
    }
}

/// Percent-encoding of a query's value.
pub(crate) fn encode(text: &str) -> String {
    windlass_model::percent::encode(text)
}
