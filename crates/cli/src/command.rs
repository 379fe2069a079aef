//! The verbs, as clap reads them.

use clap::{Args, Subcommand};

/// Which server.
#[derive(Debug, Clone, Args)]
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
    #[arg(long, env = "WINDLASS_TOKEN", global = true, hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Which application and environment.
#[derive(Debug, Clone, Args)]
pub(crate) struct Scope {
    /// The application; the one of this git work tree without.
    #[arg(short, long, global = true, env = "WINDLASS_APP")]
    pub(crate) app: Option<String>,
    /// The environment; `test` without.
    #[arg(short, long, global = true, env = "WINDLASS_ENV")]
    pub(crate) env: Option<String>,
}

/// The verbs of a client.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Log in to a server and make it the default.
    Login(Common<Login>),
    /// Forget the login of a server.
    Logout(Common<Logout>),
    /// Applications.
    App(Common<AppVerbs>),
    /// Environments of an application.
    Env(Common<EnvVerbs>),
    /// Service instances: databases and the like.
    Service(Common<ServiceVerbs>),
    /// Environment variables.
    EnvVars(Common<VariableVerbs>),
    /// Show what a deployment would change.
    Plan(Common<Deploy>),
    /// Deploy what is wished now, and follow it to its end.
    Deploy(Common<Deploy>),
    /// Deployments of an environment.
    Deployments(Common<DeploymentVerbs>),
    /// Releases of an environment, newest first.
    Releases(Common<Releases>),
    /// Make an earlier release run again: its image, its variables, its bindings.
    Rollback(Common<Rollback>),
    /// What the processes of an environment write.
    Logs(Common<Logs>),
    /// Operations: what the server is doing and has done.
    Operations(Common<OperationVerbs>),
    /// Answer git when it asks for the password of a server.
    #[command(hide = true)]
    GitCredential(Common<GitCredential>),
}

/// A verb's own arguments with those that all have.
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Common<T: Args> {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) verb: T,
}

/// `login`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Login {
    /// The server's URL, such as https://paas.example.com.
    pub(crate) url: String,
}

/// `logout`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Logout {
    /// The server's URL; the default one without.
    pub(crate) url: Option<String>,
}

/// `app`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct AppVerbs {
    #[command(subcommand)]
    pub(crate) verb: AppVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppVerb {
    /// Create an application with its environments test and live.
    Create {
        /// Its name in host names and repositories.
        name: String,
        /// Its name for people.
        #[arg(long)]
        title: Option<String>,
        /// The branch of its environments.
        #[arg(long, default_value = "main")]
        branch: String,
        /// A command that runs before each switch, as label=command or just the command; several are run in order.
        #[arg(long, value_name = "LABEL=COMMAND")]
        release_command: Vec<String>,
    },
    /// List applications.
    List,
    /// Show an application.
    Show {
        /// Its name.
        name: Option<String>,
    },
    /// Set the commands that run before each switch.
    ReleaseCommands {
        /// As label=command or just the command; none clears them.
        commands: Vec<String>,
    },
    /// Remove an application with everything in it.
    Remove {
        /// Its name.
        name: Option<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
}

/// `env`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct EnvVerbs {
    #[command(subcommand)]
    pub(crate) verb: EnvVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnvVerb {
    /// List the environments of an application.
    List,
    /// Create an environment.
    Create {
        /// Its name.
        name: String,
        /// Its branch; its name without.
        #[arg(long)]
        branch: Option<String>,
    },
    /// Deploy another branch from the next deployment on.
    Branch {
        /// The branch.
        branch: String,
    },
}

/// `service`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct ServiceVerbs {
    #[command(subcommand)]
    pub(crate) verb: ServiceVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceVerb {
    /// List what can be added.
    Catalogue {
        /// In this region, by name.
        #[arg(long)]
        region: Option<String>,
    },
    /// Add a service instance: recorded now, made by the next deployment or by provision.
    Add {
        /// The service, such as postgres or postgres-15-private.
        service: String,
        /// The prefix of its variables.
        #[arg(long, default_value = "DEFAULT")]
        prefix: String,
        /// The scheme of its URL, such as postgresql.
        #[arg(long)]
        url_scheme: Option<String>,
    },
    /// List the service instances of an environment.
    List,
    /// Show a service instance.
    Show {
        /// Its prefix.
        prefix: String,
    },
    /// Make a service instance now, without a deployment.
    Provision {
        /// Its prefix.
        prefix: String,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
    /// Let the next deployment attach it again.
    Attach {
        /// Its prefix.
        prefix: String,
    },
    /// Let the next deployment detach it.
    Detach {
        /// Its prefix.
        prefix: String,
    },
    /// Take the wish to detach it back.
    Cancel {
        /// Its prefix.
        prefix: String,
    },
    /// Give it another prefix: new variable names from the next deployment on.
    Rename {
        /// Its prefix.
        prefix: String,
        /// Its new prefix.
        new: String,
    },
    /// Destroy a service instance and its data.
    Remove {
        /// Its prefix.
        prefix: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Do not wait for the end.
        #[arg(long)]
        detach: bool,
    },
}

/// `env-vars`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct VariableVerbs {
    #[command(subcommand)]
    pub(crate) verb: VariableVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VariableVerb {
    /// List the variables as the next deployment will give them.
    List,
    /// Print the value of a variable.
    Get {
        /// Its name.
        name: String,
    },
    /// Set variables, all or none; they take effect with the next deployment.
    Set {
        /// As NAME=value.
        #[arg(required = true, value_name = "NAME=VALUE")]
        variables: Vec<String>,
        /// Hide the values in lists.
        #[arg(long)]
        secret: bool,
        /// Allow them to hide variables of services.
        #[arg(long = "override")]
        overrides: bool,
    },
    /// Unset variables; they are gone with the next deployment.
    Unset {
        /// Their names.
        #[arg(required_unless_present = "all")]
        names: Vec<String>,
        /// Every custom variable of the environment.
        #[arg(long, conflicts_with = "names")]
        all: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// `deploy` and `plan`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Deploy {
    /// The environment; `test` without.
    pub(crate) environment: Option<String>,
    /// Deploy a ready image instead of code.
    #[arg(long, conflicts_with = "source")]
    pub(crate) image: Option<String>,
    /// Deploy a git repository elsewhere: its URL, or a path on the server's machine.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// The branch of that repository; the environment's without.
    #[arg(long, requires = "source")]
    pub(crate) branch: Option<String>,
    /// Use layers of earlier builds.
    #[arg(long)]
    pub(crate) cache: bool,
    /// Do not wait for the end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// `deployments`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct DeploymentVerbs {
    #[command(subcommand)]
    pub(crate) verb: DeploymentVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeploymentVerb {
    /// List deployments, newest first.
    List {
        /// At most this many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show a deployment: its id or number; the newest without.
    Show {
        /// Its id or number.
        deployment: Option<String>,
    },
    /// Print the log of a deployment: its id or number; the newest without.
    Logs {
        /// Its id or number.
        deployment: Option<String>,
    },
    /// Cancel the running deployment before its switch.
    Cancel {
        /// Its id or number.
        deployment: Option<String>,
    },
}

/// `releases`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Releases {
    /// The environment; `test` without.
    pub(crate) environment: Option<String>,
}

/// `rollback`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Rollback {
    /// The environment.
    pub(crate) environment: String,
    /// The number of the release.
    pub(crate) release: u32,
    /// Do not wait for the end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// `logs`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Logs {
    /// The environment; `test` without.
    pub(crate) environment: Option<String>,
    /// Go on with new lines.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Begin with this many of the newest lines.
    #[arg(short = 'n', long, default_value_t = 100)]
    pub(crate) tail: u32,
}

/// `operations`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct OperationVerbs {
    #[command(subcommand)]
    pub(crate) verb: OperationVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperationVerb {
    /// List operations, newest first.
    List {
        /// Only those in this state, such as running or needs_attention.
        #[arg(long)]
        state: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show an operation with its steps.
    Show {
        /// Its id.
        id: String,
    },
    /// Try one that needs attention again.
    Retry {
        /// Its id.
        id: String,
    },
    /// Declare its failing step as dealt with by hand.
    Skip {
        /// Its id.
        id: String,
        /// The step.
        step: String,
        /// Why; kept in the record.
        #[arg(long)]
        reason: String,
    },
    /// Give it up as it is.
    Abandon {
        /// Its id.
        id: String,
        /// Why; kept in the record.
        #[arg(long)]
        reason: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// `git-credential`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct GitCredential {
    /// What git wants: `get`; `store` and `erase` do nothing.
    pub(crate) action: String,
}
