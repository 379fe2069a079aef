//! Requests to the server: JSON over plain HTTP, each with its time-out.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use windlass_services::variables::authority;
use windlass_services::{Access, Error, Tls};

use super::failure::{Failure, is_not_found, refusal, unexpected, unreachable, words};
use super::flavour::Flavour;
use super::limits::{LOOK, MOST_TRIES, TRY_AGAIN};
use crate::http::{Answer, Call, Exchange};
use crate::step::Step;
use crate::turns::Turn;

/// What one call uses; its connections are closed when it is dropped.
pub(super) struct Client<'a> {
    pub(super) access: &'a Access,
    pub(super) flavour: Flavour,
    exchange: Exchange,
    turn: Option<Turn>,
    /// Whether anything was asked for that changes the server: from then on, a server that is gone is no
    /// longer one at which nothing was done.
    has_acted: AtomicBool,
    _place: OwnedSemaphorePermit,
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(flavour: Flavour, access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: format!(
            "encrypted connections to {} are not supported yet; name the cluster without TLS and reach it over \
             a private network or a tunnel",
            flavour.title()
        ),
    })
}

impl<'a> Client<'a> {
    pub(super) fn new(
        access: &'a Access,
        flavour: Flavour,
        place: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Result<Self, Error> {
        let credentials = Some((access.user.as_str(), &access.password));
        Ok(Self {
            access,
            flavour,
            exchange: exchange(credentials, access)?,
            turn,
            has_acted: AtomicBool::new(false),
            _place: place,
        })
    }

    /// An object, or nothing if it does not exist.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let answer = self.get(path).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        self.read(&answer).map(Some)
    }

    /// What must be there.
    pub(super) async fn look<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let answer = self.get(path).await?;
        self.read(&answer)
    }

    /// Any answer, refusals of access included.
    pub(super) async fn ask(&self, path: &str) -> Result<Answer, Error> {
        let call = call(self.access, Method::GET, path, None);
        let answer = self.exchange.ask(LOOK, call).await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, LOOK, self.acted()))?;
        // It is starting or stopping, or a proxy before it finds nobody.
        if answer.status == StatusCode::SERVICE_UNAVAILABLE && !self.acted() {
            return Err(unreachable(self.access, &words(&answer)));
        }
        Ok(answer)
    }

    /// Makes an object as the body says, or sets it so.
    pub(super) async fn put(&self, step: Step, path: &str, body: &Value) -> Result<(), Error> {
        let answer = self.change(step, Method::PUT, path, Some(body)).await?;
        self.accepted(step, &answer)
    }

    /// Deletes what is there or not.
    pub(super) async fn delete(&self, step: Step, path: &str) -> Result<(), Error> {
        let answer = self.change(step, Method::DELETE, path, None).await?;
        if is_not_found(&answer) {
            return Ok(());
        }
        self.accepted(step, &answer)
    }

    /// Whether these credentials, or nobody's, are accepted here.
    pub(super) async fn accepts(
        &self,
        credentials: Option<(&str, &SecretString)>,
    ) -> Result<bool, Error> {
        let exchange = exchange(credentials, self.access)?;
        let call = call(self.access, Method::GET, "", None);
        let answer = exchange.ask(LOOK, call).await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, LOOK, self.acted()))?;
        Ok(answer.status != StatusCode::UNAUTHORIZED)
    }

    async fn get(&self, path: &str) -> Result<Answer, Error> {
        let answer = self.ask(path).await?;
        if answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::FORBIDDEN {
            return Err(refusal(self.access, LOOK, &answer));
        }
        Ok(answer)
    }

    /// A change, tried again when another one came before it: roles, and users, are one document each.
    async fn change(
        &self,
        step: Step,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let mut tries = 1;
        loop {
            let answer = self.act(step, method.clone(), path, body).await?;
            if answer.status != StatusCode::CONFLICT || tries == MOST_TRIES {
                return Ok(answer);
            }
            tokio::time::sleep(TRY_AGAIN * tries).await;
            tries += 1;
        }
    }

    /// A request that changes something goes on when the call is dropped, and keeps the instance's turn
    /// until its answer is there: what comes next must not overtake it.
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

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Error> {
        self.accepted(LOOK, answer)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| unexpected(self.access, LOOK, &error.to_string()))
    }
}

/// The way to the server as one user, or as nobody.
fn exchange(
    credentials: Option<(&str, &SecretString)>,
    access: &Access,
) -> Result<Exchange, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some((user, password)) = credentials {
        let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut authorization = HeaderValue::from_str(&format!("Basic {credentials}"))
            .map_err(|error| unexpected(access, LOOK, &error.to_string()))?;
        authorization.set_sensitive(true);
        headers.insert(AUTHORIZATION, authorization);
    }
    Ok(Exchange::with(headers))
}

fn call(access: &Access, method: Method, path: &str, body: Option<String>) -> Call {
    let url = format!("http://{}/{path}", authority(&access.endpoint));
    Call {
        body: body.unwrap_or_default(),
        ..Call::new(method, url)
    }
}
