//! The API over HTTP.

use std::io::{BufReader, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::error::Error;
use crate::settings::Target;

/// A server that is there accepts a connection at once.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest that a plain answer takes; followed streams have no such bound.
const ANSWER: Duration = Duration::from_mins(2);

/// A client of one server. A cheap handle.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    target: Target,
}

impl Client {
    pub(crate) fn new(target: Target) -> Self {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::PlatformVerifier)
                    .build(),
            )
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, target }
    }

    pub(crate) fn url(&self) -> &str {
        &self.target.url
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Error> {
        let request = self
            .agent
            .get(self.at(path))
            .config()
            .timeout_global(Some(ANSWER))
            .build();
        self.read(request.header("Authorization", self.authorization()).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let request = self
            .agent
            .post(self.at(path))
            .config()
            .timeout_global(Some(ANSWER))
            .build();
        self.read(
            request
                .header("Authorization", self.authorization())
                .send_json(body),
        )
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let request = self
            .agent
            .patch(self.at(path))
            .config()
            .timeout_global(Some(ANSWER))
            .build();
        self.read(
            request
                .header("Authorization", self.authorization())
                .send_json(body),
        )
    }

    pub(crate) fn delete(&self, path: &str) -> Result<Value, Error> {
        let request = self
            .agent
            .delete(self.at(path))
            .config()
            .timeout_global(Some(ANSWER))
            .build();
        self.read(request.header("Authorization", self.authorization()).call())
    }

    /// Every item of a list.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path)?;
            items.extend(page["results"].as_array().cloned().unwrap_or_default());
            next = page["next"].as_str().map(str::to_owned);
        }
        Ok(items)
    }

    /// A stream of server-sent events, from behind the event with that id.
    pub(crate) fn stream(
        &self,
        path: &str,
        last: Option<&str>,
    ) -> Result<BufReader<impl Read + use<>>, Error> {
        let mut request = self
            .agent
            .get(self.at(path))
            .header("Authorization", self.authorization());
        if let Some(id) = last {
            request = request.header("Last-Event-ID", id);
        }
        let answer = request
            .header("Accept", "text/event-stream")
            .call()
            .map_err(|error| self.unreachable(&error))?;
        let answer = self.checked(answer)?;
        Ok(BufReader::new(answer.into_body().into_reader()))
    }

    /// A long answer of lines, as it comes.
    pub(crate) fn lines(&self, path: &str) -> Result<impl Read + use<>, Error> {
        let request = self.agent.get(self.at(path));
        let answer = request
            .header("Authorization", self.authorization())
            .call()
            .map_err(|error| self.unreachable(&error))?;
        Ok(self.checked(answer)?.into_body().into_reader())
    }

    fn at(&self, path: &str) -> String {
        // `next` of a list is absolute. The server may be known under another name to itself: the path
        // is what counts, and the token goes to no other host.
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
            None => path,
        };
        format!("{}{path}", self.target.url)
    }

    fn authorization(&self) -> String {
        format!("Token {}", self.target.token)
    }

    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Error> {
        let mut answer = self.checked(answer.map_err(|error| self.unreachable(&error))?)?;
        let text = answer
            .body_mut()
            .read_to_string()
            .map_err(|error| self.unreachable(&error))?;
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(&text)?)
        }
    }

    fn checked(&self, mut answer: Response<Body>) -> Result<Response<Body>, Error> {
        let status = answer.status().as_u16();
        if status < 400 {
            return Ok(answer);
        }
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let message =
            message(&body).unwrap_or_else(|| format!("the server answered with status {status}"));
        Err(match status {
            401 => Error::hinted(
                format!("{} does not know this token", self.target.url),
                format!(
                    "Log in with another one: windlass login {}. On the server's machine 'windlass token create' makes one.",
                    self.target.url
                ),
            ),
            400..=499 => Error::refused(message, body["code"].as_str()),
            _ => {
                let request = body["request_id"]
                    .as_str()
                    .map(|id| format!(" (request {id})"))
                    .unwrap_or_default();
                Error::unexpected(format!("{message}{request}"))
            }
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        Error::unexpected(format!(
            "{} cannot be reached: {}",
            self.target.url,
            reason(error)
        ))
        .with_hint("Is the server running, and is that its address?")
    }
}

/// What the library says, without its own names for kinds of errors.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "its name cannot be resolved".to_owned(),
        ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// The text of an error's body: the rules, or the fields with what is wrong with each.
fn message(body: &Value) -> Option<String> {
    if let Some(rules) = body["non_field_errors"].as_array() {
        return Some(
            rules
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    if let Some(detail) = body["detail"].as_str() {
        return Some(detail.to_owned());
    }
    let fields: Vec<String> = body
        .as_object()?
        .iter()
        .filter_map(|(field, errors)| {
            let texts: Vec<&str> = errors
                .as_array()?
                .iter()
                .filter_map(Value::as_str)
                .collect();
            Some(format!("{field}: {}", texts.join("; ")))
        })
        .collect();
    (!fields.is_empty()).then(|| fields.join("\n"))
}
