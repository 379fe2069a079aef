//! The server's own programs.

use secrecy::{ExposeSecret, SecretString};
use windlass_engine::ImageReference;
use windlass_model::id::InstanceId;
use windlass_services::data::{Input, Output};
use windlass_services::{Access, Error, Tool, Tools};

use super::super::prepare::SUPPORTED;
use crate::tool::{Verdict, failure, judge};

/// What names are looked up in, and whatever else the owner of a database may have set for all sessions in it.
const OPTIONS: &str = "-c role=none -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off \
                       -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 \
                       -c standard_conforming_strings=on";

/// A program that works in one database as one role.
pub(super) struct Program<'a> {
    pub(super) instance: InstanceId,
    pub(super) purpose: &'static str,
    /// The oldest major version that it may be of.
    pub(super) version: i32,
    pub(super) database: &'a str,
    pub(super) role: &'a str,
    pub(super) password: &'a SecretString,
    pub(super) command: Vec<String>,
}

impl Program<'_> {
    /// Runs it; what went wrong if it did not succeed.
    pub(super) async fn run(
        self,
        access: &Access,
        tools: &dyn Tools,
        input: Option<Input<'_>>,
        output: Option<Output<'_>>,
    ) -> Result<(), Failed> {
        let endpoint = tools.endpoint(access);
        let plain = |text: &str| SecretString::from(text.to_owned());
        let port = endpoint.port.to_string();
        let environment = [
            ("PGHOST", plain(&endpoint.host)),
            ("PGPORT", plain(&port)),
            ("PGUSER", plain(self.role)),
            ("PGPASSWORD", self.password.clone()),
            ("PGDATABASE", plain(self.database)),
            ("PGOPTIONS", plain(OPTIONS)),
            ("PGAPPNAME", plain("windlass")),
            ("PGCONNECT_TIMEOUT", plain("10")),
            ("LC_ALL", plain("C.UTF-8")),
        ];
        // The server's own version first; a newer program knows older servers, an older one no newer.
        let versions = self.version..=*SUPPORTED.end();
        let tool = Tool {
            instance: self.instance,
            purpose: self.purpose,
            images: versions
                .map(|version| ImageReference(format!("postgres:{version}")))
                .collect(),
            command: self.command,
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        };
        let ended = tools.run(&tool, input, output).await;
        let ended = ended.map_err(|error| Failed::Run(failure(access, &tool, error)))?;
        let secret = self.password.expose_secret();
        match judge(
            &ended,
            secret,
            &[
                "could not connect",
                "connection to server",
                "server closed the connection",
                "terminating connection",
            ],
        ) {
            Verdict::Succeeded => Ok(()),
            Verdict::Refused(reason) => Err(Failed::Refused(reason)),
            Verdict::Failed(reason) => Err(Failed::Run(Error::Failed {
                cluster: access.description.clone(),
                doing: format!(
                    "running {}",
                    tool.command.first().map_or("", String::as_str)
                ),
                reason,
            })),
            Verdict::Full(reason) => Err(Failed::Run(Error::Full {
                cluster: access.description.clone(),
                reason,
            })),
        }
    }
}

/// Why a program did not succeed.
pub(super) enum Failed {
    /// It, or the server, did not take what it was given.
    Refused(String),
    /// Anything else.
    Run(Error),
}
