//! The verbs, as clap reads them.

mod accounts;
mod app;
mod broker;
mod deploy;
mod operations;
mod regions;
mod service;
mod session;
mod token;
mod variables;

use clap::{Args, Subcommand};

pub(crate) use self::accounts::{
    Audit, InvitationVerb, InvitationVerbs, MemberVerb, MemberVerbs, OrganisationVerb,
    OrganisationVerbs,
};
pub(crate) use self::app::{AppVerb, AppVerbs, EnvVerb, EnvVerbs};
pub(crate) use self::broker::{Access as BrokerAccess, BrokerVerb, BrokerVerbs};
pub(crate) use self::deploy::{
    Deploy, DeploymentVerb, DeploymentVerbs, Logs, Plan, Releases, Rollback, What,
};
pub(crate) use self::operations::{OperationVerb, OperationVerbs};
pub(crate) use self::regions::Regions;
pub(crate) use self::service::{ServiceVerb, ServiceVerbs};
pub(crate) use self::session::{GitCredential, Login, Logout, Netrc};
pub use self::token::OfflineToken;
pub(crate) use self::token::{CreateToken, TokenVerb, TokenVerbs};
pub(crate) use self::variables::{VariableVerb, VariableVerbs};

/// What the options stand under that many verbs have.
const SHARED: &str = "Common options";

/// Which server, and how to answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = SHARED)]
pub(crate) struct Server {
    /// The server's URL, if not the one of the last login.
    #[arg(
        id = "server-url",
        long = "server",
        env = "WINDLASS_SERVER",
        global = true,
        value_name = "URL"
    )]
    pub(crate) url: Option<String>,
    /// The token, if not the one of the login. Prefer the variable: arguments can be seen by others.
    #[arg(long, env = "WINDLASS_TOKEN", global = true)]
    pub(crate) token: Option<String>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Which application.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = SHARED)]
pub(crate) struct Application {
    /// The application, if not the one of this git work tree.
    #[arg(
        short,
        long,
        global = true,
        env = "WINDLASS_APP",
        value_name = "APPLICATION"
    )]
    pub(crate) app: Option<String>,
}

/// Which environment of it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = SHARED)]
pub(crate) struct Environment {
    /// The environment, if not test.
    #[arg(
        short,
        long,
        global = true,
        env = "WINDLASS_ENV",
        value_name = "ENVIRONMENT"
    )]
    pub(crate) env: Option<String>,
}

/// Which application and environment a command is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct Scope {
    #[command(flatten)]
    pub(crate) application: Application,
    #[command(flatten)]
    pub(crate) environment: Environment,
}

/// A verb with what is asked of every verb.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OfServer<T: Args> {
    #[command(flatten)]
    pub(crate) verb: T,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A verb that is about an application.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OfApplication<T: Args> {
    #[command(flatten)]
    pub(crate) verb: T,
    #[command(flatten)]
    pub(crate) application: Application,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A verb that is about an environment.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OfEnvironment<T: Args> {
    #[command(flatten)]
    pub(crate) verb: T,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// The verbs of a client.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Log in to a server and make it the default.
    Login(Login),
    /// Forget the login of a server.
    Logout(Logout),
    /// Print the login as an entry of .netrc, for divio-cli, git and curl. It has the token in it.
    Netrc(OfServer<Netrc>),
    /// Create, show and remove applications.
    App(OfApplication<AppVerbs>),
    /// List and create the environments of an application.
    Env(OfApplication<EnvVerbs>),
    /// Add, provision, attach, detach and remove databases and other services.
    Service(OfEnvironment<ServiceVerbs>),
    /// List, set and unset environment variables.
    EnvVars(OfEnvironment<VariableVerbs>),
    /// Show what a deployment would change, and change nothing.
    Plan(OfEnvironment<Plan>),
    /// Deploy what is wished now, and follow it to its end.
    Deploy(OfEnvironment<Deploy>),
    /// List, show and cancel deployments, and print their logs.
    Deployments(OfEnvironment<DeploymentVerbs>),
    /// List the releases of an environment, newest first.
    Releases(OfEnvironment<Releases>),
    /// Make an earlier release run again: its image, its variables, its bindings.
    Rollback(OfEnvironment<Rollback>),
    /// Print what the processes of an environment write.
    Logs(OfEnvironment<Logs>),
    /// List what the server is doing and has done; settle what needs attention.
    Operations(OfServer<OperationVerbs>),
    /// List the regions in which applications run.
    Regions(OfServer<Regions>),
    /// Register, list, refresh and remove brokers, which offer services that others run.
    Broker(OfServer<BrokerVerbs>),
    /// List the organisations that you are in; create one.
    Organisations(OfServer<OrganisationVerbs>),
    /// List, change and remove the members of an organisation, and its service accounts.
    Members(OfServer<MemberVerbs>),
    /// Invite somebody to an organisation; accept an invitation.
    Invitations(OfServer<InvitationVerbs>),
    /// Make, list and revoke tokens.
    Token(OfServer<TokenVerbs>),
    /// Show who did what in an organisation, newest first.
    Audit(OfServer<Audit>),
    /// Answer git when it asks for the password of a server.
    #[command(hide = true)]
    GitCredential(GitCredential),
}

impl Command {
    /// The token that is to be made beside the API, if this asks for one: only the server's machine can.
    pub fn offline_token(&self) -> Option<OfflineToken> {
        let Self::Token(all) = self else { return None };
        let TokenVerb::Create(new) = &all.verb.verb else {
            return None;
        };
        Some(OfflineToken {
            state_dir: new.state_dir.clone()?,
            key_file: new.key_file.clone(),
            name: new.name.clone(),
            json: all.server.json,
        })
    }
}
