//! Requests to the account, each with its signature and its time-out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::rustls::ClientConfig;
use uuid::Uuid;
use windlass_model::percent::encode;
use windlass_services::{Access, Error};

use super::account::Account;
use super::failure::{Failure, refusal, unexpected, unreachable, words};
use super::limits::VERSION;
use super::sign::Unsigned;
use crate::http::{Answer, Call, Exchange};
use crate::step::Step;
use crate::turns::Turn;

/// A request to a container, or to the account.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) container: Option<&'a str>,
    /// Their values not encoded.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// `x-ms-` headers beside those of every request.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl<'a> Ask<'a> {
    pub(super) fn of(method: Method, query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method,
            container: None,
            query,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn container(
        method: Method,
        container: &'a str,
        query: &'a [(&'a str, &'a str)],
    ) -> Self {
        Self {
            container: Some(container),
            ..Self::of(method, query)
        }
    }
}

/// What one call uses; its connections are closed when it is dropped.
pub(super) struct Client<'a> {
    pub(super) access: &'a Access,
    pub(super) account: Account,
    /// What this driver's leases are called.
    pub(super) lease: Uuid,
    exchange: Exchange,
    turn: Option<Turn>,
    /// Whether anything was asked for that changes the account: from then on, a server that is gone is no longer one at
    /// which nothing was done.
    has_acted: AtomicBool,
    _place: OwnedSemaphorePermit,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        access: &'a Access,
        account: Account,
        trust: Option<&Arc<ClientConfig>>,
        lease: Uuid,
        place: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Self {
        let exchange = match trust {
            Some(trust) => Exchange::encrypted(HeaderMap::new(), trust),
            None => Exchange::with(HeaderMap::new()),
        };
        Self {
            access,
            account,
            lease,
            exchange,
            turn,
            has_acted: AtomicBool::new(false),
            _place: place,
        }
    }

    /// Asks for something that may be absent: any answer but one of the access control.
    pub(super) async fn look(&self, step: Step, ask: Ask<'_>) -> Result<Answer, Error> {
        let call = self.signed(step, ask)?;
        let answer = self.exchange.ask(step, call).await;
        let answer = answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))?;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(refusal(self.access, step, &answer))
            }
            // It is busy, or a proxy before it finds nobody.
            StatusCode::SERVICE_UNAVAILABLE if !self.acted() => {
                Err(unreachable(self.access, &words(&answer)))
            }
            _ => Ok(answer),
        }
    }

    /// Has something done, which the service may refuse for a reason that the caller knows to deal with. The request goes on
    /// when the call is dropped, and keeps the instance's turn until its answer is there: the next call must find what it
    /// did.
    pub(super) async fn act(&self, step: Step, ask: Ask<'_>) -> Result<Answer, Error> {
        let call = self.signed(step, ask)?;
        let had_acted = self.has_acted.swap(true, Ordering::Relaxed);
        let (turn, exchange) = (self.turn.clone(), self.exchange.clone());
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

    /// Asks as somebody who has that URL and nothing else.
    pub(super) async fn look_as_tenant(&self, step: Step, url: String) -> Result<Answer, Error> {
        let mut call = Call::new(Method::GET, url);
        call.headers
            .push(("x-ms-version", HeaderValue::from_static(VERSION)));
        let answer = self.exchange.ask(step, call).await;
        answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))
    }

    pub(super) fn accepted(&self, step: Step, answer: &Answer) -> Result<(), Error> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(refusal(self.access, step, answer))
    }

    fn signed(&self, step: Step, ask: Ask<'_>) -> Result<Call, Error> {
        let invalid = |reason: &dyn std::fmt::Display| {
            unexpected(
                self.access,
                step,
                &format!("a header that is none: {reason}"),
            )
        };
        let mut headers = ask.headers;
        let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        headers.push(("x-ms-date", date.to_string()));
        headers.push(("x-ms-version", VERSION.to_owned()));
        let authorization = self.account.authorization(&Unsigned {
            method: &ask.method,
            container: ask.container,
            query: ask.query,
            headers: &headers,
            body_length: ask.body.len(),
        });
        let query: Vec<String> = ask
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let container = ask.container.unwrap_or_default();
        let url = format!("{}/{container}?{}", self.account.place.url, query.join("&"));
        let mut call = Call::new(ask.method, url);
        call.body = ask.body;
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value).map_err(|error| invalid(&error))?;
            call.headers.push((name, value));
        }
        let mut value = HeaderValue::from_str(&authorization).map_err(|error| invalid(&error))?;
        value.set_sensitive(true);
        call.headers.push(("authorization", value));
        Ok(call)
    }

    fn acted(&self) -> bool {
        self.has_acted.load(Ordering::Relaxed)
    }
}
