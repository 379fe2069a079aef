//! Requests to the management API: JSON over plain HTTP, each with its time-out.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use windlass_services::variables::authority;
use windlass_services::{Access, Error, Tls};

use super::failure::{Failure, refusal, unexpected, unreachable, words};
use crate::http::{Answer, Call, Exchange};
use crate::step::Step;
use crate::turns::Turn;

/// What one call uses; its connections are closed when it is dropped.
pub(super) struct Client<'a> {
    pub(super) access: &'a Access,
    exchange: Exchange,
    turn: Option<Turn>,
    /// Whether anything was asked for that changes the server: from then on, a server that is gone is no
    /// longer one at which nothing was done.
    has_acted: AtomicBool,
    _place: OwnedSemaphorePermit,
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: "encrypted connections to RabbitMQ's management API are not supported yet; name the cluster \
                 without TLS and reach it over a private network or a tunnel"
            .to_owned(),
    })
}

impl<'a> Client<'a> {
    pub(super) fn new(
        access: &'a Access,
        place: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Result<Self, Error> {
        Ok(Self {
            access,
            exchange: exchange(&access.user, &access.password, access)?,
            turn,
            has_acted: AtomicBool::new(false),
            _place: place,
        })
    }

    /// An object, or nothing if it does not exist.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        step: Step,
        path: &str,
    ) -> Result<Option<T>, Error> {
        let answer = self.get(step, path).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        self.read(step, &answer).map(Some)
    }

    /// What must be there.
    pub(super) async fn look<T: DeserializeOwned>(
        &self,
        step: Step,
        path: &str,
    ) -> Result<T, Error> {
        let answer = self.get(step, path).await?;
        self.read(step, &answer)
    }

    /// Any answer that is one of the server and not of its access control.
    pub(super) async fn get(&self, step: Step, path: &str) -> Result<Answer, Error> {
        let answer = self
            .exchange
            .ask(step, call(self.access, Method::GET, path, None))
            .await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))?;
        if answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::FORBIDDEN {
            return Err(refusal(self.access, step, &answer));
        }
        Ok(answer)
    }

    /// Makes an object as the body says, or sets it so.
    pub(super) async fn put(&self, step: Step, path: &str, body: &Value) -> Result<(), Error> {
        let answer = self.act(step, Method::PUT, path, Some(body)).await?;
        self.accepted(step, &answer)
    }

    /// Has something done.
    pub(super) async fn post(&self, step: Step, path: &str) -> Result<(), Error> {
        let body = Value::Object(serde_json::Map::new());
        let answer = self.act(step, Method::POST, path, Some(&body)).await?;
        self.accepted(step, &answer)
    }

    /// Deletes what is there or not.
    pub(super) async fn delete(&self, step: Step, path: &str) -> Result<(), Error> {
        let answer = self.act(step, Method::DELETE, path, None).await?;
        if is_not_found(&answer) {
            return Ok(());
        }
        self.accepted(step, &answer)
    }

    /// Deletes what may go away by itself at the same moment, which some versions answer with an error of
    /// their own (HTTP 500): the caller looks again anyway.
    pub(super) async fn try_delete(&self, step: Step, path: &str) -> Result<(), Error> {
        let answer = self.act(step, Method::DELETE, path, None).await?;
        if is_not_found(&answer) || answer.status == StatusCode::INTERNAL_SERVER_ERROR {
            return Ok(());
        }
        self.accepted(step, &answer)
    }

    /// Whether these credentials of somebody else are accepted here.
    pub(super) async fn accepts(
        &self,
        step: Step,
        user: &str,
        password: &SecretString,
    ) -> Result<bool, Error> {
        let exchange = exchange(user, password, self.access)?;
        let answer = exchange
            .ask(step, call(self.access, Method::GET, "whoami", None))
            .await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))?;
        Ok(answer.status.is_success())
    }

    /// A request that changes something goes on when the call is dropped, and keeps the instance's turn
    /// until its answer is there: a server that is left in the middle of it may or may not finish it.
    async fn act(
        &self,
        step: Step,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let had_acted = self.has_acted.swap(true, Ordering::Relaxed);
        let (exchange, turn) = (self.exchange.clone(), self.turn.clone());
        let call = call(self.access, method, path, body.map(Value::to_string));
        let asking = tokio::spawn(async move {
            let answer = exchange.ask(step, call).await;
            drop(turn);
            answer
        });
        let answer = asking
            .await
            .unwrap_or_else(|panic| Err(Failure::Broken(panic.to_string())));
        answer.map_err(|failure| failure.of_act(self.access, step, had_acted))
    }

    fn acted(&self) -> bool {
        self.has_acted.load(Ordering::Relaxed)
    }

    fn accepted(&self, step: Step, answer: &Answer) -> Result<(), Error> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(refusal(self.access, step, answer))
    }

    fn read<T: DeserializeOwned>(&self, step: Step, answer: &Answer) -> Result<T, Error> {
        // It is starting or stopping, or a proxy before it finds nobody.
        if answer.status == StatusCode::SERVICE_UNAVAILABLE && !self.acted() {
            return Err(unreachable(self.access, &words(answer)));
        }
        self.accepted(step, answer)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| unexpected(self.access, step, &error.to_string()))
    }
}

/// Whether it is the server itself that says that there is no such object, and not another program's page
/// at that address.
fn is_not_found(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_FOUND
        && answer
            .json()
            .is_some_and(|object| object.get("error").is_some())
}

/// The way to the management API as one user.
fn exchange(user: &str, password: &SecretString, access: &Access) -> Result<Exchange, Error> {
    let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let mut authorization = HeaderValue::from_str(&format!("Basic {credentials}"))
        .map_err(|error| unexpected(access, super::limits::LOOK, &error.to_string()))?;
    authorization.set_sensitive(true);
    let json = HeaderValue::from_static("application/json");
    let headers = [(AUTHORIZATION, authorization), (CONTENT_TYPE, json)];
    Ok(Exchange::with(headers.into_iter().collect()))
}

fn call(access: &Access, method: Method, path: &str, body: Option<String>) -> Call {
    let url = format!("http://{}/api/{path}", authority(&access.endpoint));
    Call {
        body: body.unwrap_or_default(),
        ..Call::new(method, url)
    }
}
