//! Requests to the administration's API and to S3, each with its time-out.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use windlass_services::variables::authority;
use windlass_services::{Access, Endpoint, Error, Tls};

use super::failure::{Failure, code, refusal, unexpected, unreachable, words};
use super::limits::LOOK;
use super::site::Site;
use crate::http::{Answer, Call, Exchange};
use crate::step::Step;
use crate::turns::Turn;

/// What one call uses; its connections are closed when it is dropped.
pub(super) struct Client<'a> {
    pub(super) access: &'a Access,
    /// Where its buckets are.
    pub(super) site: &'a Site,
    administration: Exchange,
    /// To S3, whose requests bear their own signatures.
    storage: Exchange,
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
        reason: "encrypted connections to Garage's administration API are not supported yet; name the cluster \
                 without TLS and reach it over a private network or a tunnel"
            .to_owned(),
    })
}

impl<'a> Client<'a> {
    pub(super) fn new(
        access: &'a Access,
        site: &'a Site,
        place: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Result<Self, Error> {
        let token = format!("Bearer {}", access.password.expose_secret());
        let mut authorization = HeaderValue::from_str(&token)
            .map_err(|error| unexpected(access, LOOK, &error.to_string()))?;
        authorization.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = [(AUTHORIZATION, authorization), (CONTENT_TYPE, json)];
        Ok(Self {
            access,
            site,
            administration: Exchange::with(headers.into_iter().collect()),
            storage: Exchange::with(HeaderMap::new()),
            turn,
            has_acted: AtomicBool::new(false),
            _place: place,
        })
    }

    /// Where applications find S3, as seen from here.
    pub(super) fn storage_endpoint(&self) -> Endpoint {
        Endpoint {
            host: self.access.endpoint.host.clone(),
            port: self.access.application_port,
        }
    }

    /// An object of the administration, or nothing if the server says that there is none.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        step: Step,
        path: &str,
    ) -> Result<Option<T>, Error> {
        let answer = self.get(step, path).await?;
        if is_absent(&answer) {
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

    /// Any answer of the administration that is not of its access control.
    pub(super) async fn get(&self, step: Step, path: &str) -> Result<Answer, Error> {
        let call = self.call(Method::GET, path, String::new());
        let answer = self.administration.ask(step, call).await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))?;
        if answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::FORBIDDEN {
            return Err(refusal(self.access, step, &answer));
        }
        Ok(answer)
    }

    /// Has something done by the administration, and gives what came of it.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        step: Step,
        path: &str,
        body: &Value,
    ) -> Result<T, Error> {
        let answer = self.attempt(step, path, body).await?;
        self.read(step, &answer)
    }

    /// Has something done, which the server may refuse for a reason that the caller knows to deal with.
    pub(super) async fn attempt(
        &self,
        step: Step,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Error> {
        let call = self.call(Method::POST, path, body.to_string());
        self.act(step, self.administration.clone(), call).await
    }

    /// Has something done to what is there or not.
    pub(super) async fn remove(&self, step: Step, path: &str) -> Result<(), Error> {
        let body = Value::Object(serde_json::Map::new());
        let answer = self.attempt(step, path, &body).await?;
        if is_absent(&answer) {
            return Ok(());
        }
        self.accepted(step, &answer)
    }

    /// Asks S3, whose answer is in the server's words of failure if it is not a success.
    pub(super) async fn storage_look(&self, step: Step, call: Call) -> Result<Answer, Error> {
        let answer = self.storage.ask(step, call).await;
        answer.map_err(|failure| {
            self.at_storage(failure)
                .of_look(self.access, step, self.acted())
        })
    }

    /// Asks as everybody may, without credentials; why there was no answer.
    pub(super) async fn anonymous_look(&self, step: Step, call: Call) -> Result<Answer, String> {
        let answer = self.storage.ask(step, call).await;
        answer.map_err(|failure| match failure {
            Failure::NotSent(reason) | Failure::Broken(reason) => reason,
            Failure::Elapsed => "no answer in time".to_owned(),
        })
    }

    /// Has S3 do something.
    pub(super) async fn storage_act(&self, step: Step, call: Call) -> Result<Answer, Error> {
        self.act(step, self.storage.clone(), call).await
    }

    /// A request that changes something goes on when the call is dropped, and keeps the instance's turn
    /// until its answer is there: the next call must find what it did.
    async fn act(&self, step: Step, exchange: Exchange, call: Call) -> Result<Answer, Error> {
        let had_acted = self.has_acted.swap(true, Ordering::Relaxed);
        let turn = self.turn.clone();
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

    pub(super) fn accepted(&self, step: Step, answer: &Answer) -> Result<(), Error> {
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
            .map_err(|error| unexpected(self.access, step, &describe(&error)))
    }

    fn call(&self, method: Method, path: &str, body: String) -> Call {
        let url = format!("http://{}/v2/{path}", authority(&self.access.endpoint));
        Call {
            body,
            ..Call::new(method, url)
        }
    }

    /// Says which of the two ports it was.
    fn at_storage(&self, failure: Failure) -> Failure {
        let port = self.access.application_port;
        match failure {
            Failure::NotSent(reason) => Failure::NotSent(format!("S3 at port {port}: {reason}")),
            Failure::Broken(reason) => Failure::Broken(format!("S3 at port {port}: {reason}")),
            Failure::Elapsed => Failure::Elapsed,
        }
    }

    fn acted(&self) -> bool {
        self.has_acted.load(Ordering::Relaxed)
    }
}

/// Whether it is the server itself that says that there is no such object, and not another program's page
/// at that address.
fn is_absent(answer: &Answer) -> bool {
    let code = || code(answer).is_some_and(|code| code.starts_with("NoSuch"));
    answer.status == StatusCode::NOT_FOUND && code()
}

/// Where an answer is not what was expected; what stands there may be a secret.
fn describe(error: &serde_json::Error) -> String {
    format!(
        "{:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}
