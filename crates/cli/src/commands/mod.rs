//! One file per noun.

mod app;
mod deploy;
mod deployments;
mod env;
mod env_vars;
mod logs;
mod operations;
mod releases;
mod service;
mod session;

use crate::client::Client;
use crate::command::{Command, Server};
use crate::error::Error;
use crate::settings;

pub(crate) fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Login(all) => session::login(&all.server, &all.verb.url),
        Command::Logout(all) => session::logout(all.verb.url.as_deref()),
        Command::GitCredential(all) => session::git_credential(&all.server, &all.verb.action),
        Command::App(all) => app::run(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.verb,
        ),
        Command::Env(all) => env::run(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.verb,
        ),
        Command::Service(all) => service::run(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.verb,
        ),
        Command::EnvVars(all) => env_vars::run(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.verb,
        ),
        Command::Plan(all) => {
            deploy::plan(&client(&all.server)?, &all.server, &all.scope, &all.verb)
        }
        Command::Deploy(all) => {
            deploy::deploy(&client(&all.server)?, &all.server, &all.scope, &all.verb)
        }
        Command::Deployments(all) => deployments::run(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.verb,
        ),
        Command::Releases(all) => releases::list(
            &client(&all.server)?,
            &all.server,
            &all.scope,
            all.verb.environment.as_deref(),
        ),
        Command::Rollback(all) => {
            releases::rollback(&client(&all.server)?, &all.server, &all.scope, &all.verb)
        }
        Command::Logs(all) => logs::run(&client(&all.server)?, &all.server, &all.scope, &all.verb),
        Command::Operations(all) => {
            operations::run(&client(&all.server)?, &all.server, all.verb.verb)
        }
    }
}

fn client(server: &Server) -> Result<Client, Error> {
    Ok(Client::new(settings::target(server)?))
}
