//! One file per noun.

mod app;
mod audit;
mod broker;
mod deploy;
mod deployments;
mod env;
mod env_vars;
mod invitations;
mod logs;
mod netrc;
mod operations;
mod organisations;
mod plan;
mod regions;
mod releases;
mod service;
mod session;
mod token;

use crate::client::Client;
use crate::command::{Command, Scope, Server};
use crate::error::Error;
use crate::settings;

/// What every verb of an environment works with.
struct Call<'a> {
    client: Client,
    scope: &'a Scope,
    json: bool,
}

impl<'a> Call<'a> {
    fn new(server: &Server, scope: &'a Scope) -> Result<Self, Error> {
        Ok(Self {
            client: client(server)?,
            scope,
            json: server.json,
        })
    }
}

pub(crate) fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Login(login) => session::login(&login),
        Command::Logout(logout) => session::logout(&logout),
        Command::GitCredential(asked) => session::git_credential(&asked),
        Command::App(all) => app::run(
            &client(&all.server)?,
            all.application.app.as_deref(),
            all.server.json,
            all.verb.verb,
        ),
        Command::Env(all) => env::run(
            &client(&all.server)?,
            all.application.app.as_deref(),
            all.server.json,
            all.verb.verb,
        ),
        Command::Service(all) => service::run(&Call::new(&all.server, &all.scope)?, all.verb.verb),
        Command::EnvVars(all) => env_vars::run(&Call::new(&all.server, &all.scope)?, all.verb.verb),
        Command::Plan(all) => plan::run(&Call::new(&all.server, &all.scope)?, &all.verb.what),
        Command::Deploy(all) => deploy::run(&Call::new(&all.server, &all.scope)?, &all.verb),
        Command::Deployments(all) => {
            deployments::run(&Call::new(&all.server, &all.scope)?, all.verb.verb)
        }
        Command::Releases(all) => releases::list(
            &Call::new(&all.server, &all.scope)?,
            all.verb.environment.as_deref(),
        ),
        Command::Rollback(all) => {
            releases::rollback(&Call::new(&all.server, &all.scope)?, &all.verb)
        }
        Command::Logs(all) => logs::run(&Call::new(&all.server, &all.scope)?, &all.verb),
        Command::Regions(all) => regions::list(&client(&all.server)?, all.server.json),
        Command::Broker(all) => broker::run(&client(&all.server)?, all.server.json, all.verb.verb),
        Command::Organisations(all) => {
            organisations::run(&client(&all.server)?, all.server.json, all.verb.verb)
        }
        Command::Members(all) => organisations::members(
            &client(&all.server)?,
            all.verb.of.organisation.as_deref(),
            all.server.json,
            all.verb.verb,
        ),
        Command::Invitations(all) => invitations::run(
            &all.server,
            all.verb.of.organisation.as_deref(),
            all.verb.verb,
        ),
        Command::Token(all) => token::run(&client(&all.server)?, all.server.json, all.verb.verb),
        Command::Audit(all) => audit::run(&client(&all.server)?, all.server.json, &all.verb),
        Command::Netrc(all) => {
            let target = settings::target(all.server.url.as_deref(), all.server.token.as_deref())?;
            netrc::run(&target, all.server.json, &all.verb)
        }
        Command::Operations(all) => {
            operations::run(&client(&all.server)?, all.server.json, all.verb.verb)
        }
    }
}

fn client(server: &Server) -> Result<Client, Error> {
    let target = settings::target(server.url.as_deref(), server.token.as_deref())?;
    Ok(Client::new(target))
}
