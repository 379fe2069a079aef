//! The server's own programs.

use secrecy::{ExposeSecret, SecretString};
use windlass_engine::ImageReference;
use windlass_model::id::InstanceId;
use windlass_services::data::{Input, Output};
use windlass_services::{Access, Error, Tool, Tools};

use super::super::administrator::numbers;
use super::super::dialect::Dialect;
use crate::tool::{Verdict, failure, judge};

/// The words in which the programs say that they lost the server.
const LOST: [&str; 4] = [
    "Can't connect",
    "Lost connection",
    "server has gone away",
    "Server shutdown",
];

/// A program that works in one database as one user.
pub(super) struct Program<'a> {
    pub(super) instance: InstanceId,
    pub(super) dialect: Dialect,
    pub(super) purpose: &'static str,
    /// The server's version.
    pub(super) version: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a SecretString,
    pub(super) command: Vec<String>,
}

/// Why a program did not succeed.
pub(super) enum Failed {
    /// It, or the server, did not take what it was given.
    Refused(String),
    /// Anything else.
    Run(Error),
}

impl Program<'_> {
    /// Runs it; what went wrong if it did not succeed. The command finds where the server is in its environment.
    pub(super) async fn run(
        self,
        access: &Access,
        tools: &dyn Tools,
        input: Option<Input<'_>>,
        output: Option<Output<'_>>,
    ) -> Result<(), Failed> {
        let endpoint = tools.endpoint(access);
        let environment = [
            ("SERVER_HOST", SecretString::from(endpoint.host)),
            ("SERVER_PORT", SecretString::from(endpoint.port.to_string())),
            ("SERVER_USER", SecretString::from(self.user.to_owned())),
            ("MYSQL_PWD", self.password.clone()),
            ("LC_ALL", SecretString::from("C".to_owned())),
        ];
        let (major, minor) = numbers(self.version);
        let kind = self.dialect.kind();
        // The server's own series first, under the tags that it may have.
        let tags = [format!("{kind}:{major}.{minor}"), format!("{kind}:{major}")];
        let others = self.dialect.series().iter();
        let others = others
            .filter(|series| numbers(series) >= (major, minor))
            .map(|series| format!("{kind}:{series}"));
        let tool = Tool {
            instance: self.instance,
            purpose: self.purpose,
            images: tags.into_iter().chain(others).map(ImageReference).collect(),
            command: self.command,
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        };
        let ended = tools.run(&tool, input, output).await;
        let ended = ended.map_err(|error| Failed::Run(failure(access, &tool, error)))?;
        match judge(&ended, self.password.expose_secret(), &LOST) {
            Verdict::Succeeded => Ok(()),
            Verdict::Refused(reason) => Err(Failed::Refused(reason)),
            Verdict::Failed(reason) => Err(Failed::Run(Error::Failed {
                cluster: access.description.clone(),
                doing: format!("running the program for the {}", self.purpose),
                reason,
            })),
            Verdict::Full(reason) => Err(Failed::Run(Error::Full {
                cluster: access.description.clone(),
                reason,
            })),
        }
    }
}
