//! Requests to the endpoint, each with its signature and its time-out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use jiff::Timestamp;
use md5::{Digest, Md5};
use rusty_s3::{Bucket, UrlStyle};
use secrecy::ExposeSecret;
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::rustls::ClientConfig;
use url::Url;
use windlass_services::{Access, Error};

use super::credential::Key;
use super::failure::{Failure, refusal, unexpected, unreachable, unsupported, words};
use super::limits::SIGNATURE_SECONDS;
use super::place::Place;
use super::sign::{self, FORM};
use crate::http::{Answer, Call, Exchange};
use crate::s3::Style;
use crate::step::Step;
use crate::turns::Turn;

/// A request to a bucket, to an object in it, or to the endpoint itself.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) bucket: Option<&'a str>,
    pub(super) object: Option<&'a str>,
    /// Their values not encoded.
    pub(super) query: Vec<(&'a str, &'a str)>,
    /// `x-amz-` headers, in their alphabetical order.
    pub(super) headers: Vec<(&'static str, &'a str)>,
    pub(super) body: String,
}

impl<'a> Ask<'a> {
    /// To the endpoint.
    pub(super) fn of(method: Method) -> Self {
        Self {
            method,
            bucket: None,
            object: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn bucket(method: Method, bucket: &'a str, query: &[(&'a str, &'a str)]) -> Self {
        Self {
            bucket: Some(bucket),
            query: query.to_vec(),
            ..Self::of(method)
        }
    }
}

/// What one call uses; its connections are closed when it is dropped.
pub(super) struct Client<'a> {
    pub(super) access: &'a Access,
    pub(super) place: &'a Place,
    /// The operator's.
    key: Key,
    storage: Exchange,
    iam: Exchange,
    turn: Option<Turn>,
    /// Whether anything was asked for that changes the endpoint: from then on, one that is gone is no longer one at
    /// which nothing was done.
    has_acted: AtomicBool,
    _permit: OwnedSemaphorePermit,
}

impl<'a> Client<'a> {
    /// `trust` is there if one of the two APIs is spoken to by TLS.
    pub(super) fn new(
        access: &'a Access,
        place: &'a Place,
        trust: Option<&Arc<ClientConfig>>,
        permit: OwnedSemaphorePermit,
        turn: Option<Turn>,
    ) -> Self {
        let way = |url: &Url| match trust {
            Some(trust) if url.scheme() == "https" => Exchange::encrypted(HeaderMap::new(), trust),
            _ => Exchange::with(HeaderMap::new()),
        };
        let key = Key {
            id: access.user.clone(),
            secret: access.password.clone(),
        };
        Self {
            access,
            place,
            key,
            storage: way(&place.endpoint),
            iam: way(&place.iam),
            turn,
            has_acted: AtomicBool::new(false),
            _permit: permit,
        }
    }

    /// Asks S3 for something that may be absent: any answer but one of the access control.
    pub(super) async fn look(&self, step: Step, ask: Ask<'_>) -> Result<Answer, Error> {
        let answer = self.look_as(step, ask, &self.key).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(refusal(self.access, step, &answer))
            }
            _ => Ok(answer),
        }
    }

    /// Asks S3 as somebody who has that key.
    pub(super) async fn look_as(
        &self,
        step: Step,
        ask: Ask<'_>,
        key: &Key,
    ) -> Result<Answer, Error> {
        let call = self.to_storage(step, ask, key)?;
        let answer = self.storage.ask(step, call).await;
        self.looked(step, answer)
    }

    /// The same with the operator's key, whatever the answer is.
    pub(super) async fn look_at_all(&self, step: Step, ask: Ask<'_>) -> Result<Answer, Error> {
        self.look_as(step, ask, &self.key).await
    }

    /// Has S3 do something, which it may refuse for a reason that the caller knows to deal with.
    pub(super) async fn act(&self, step: Step, ask: Ask<'_>) -> Result<Answer, Error> {
        let call = self.to_storage(step, ask, &self.key)?;
        self.going_on(step, &self.storage, call).await
    }

    /// Posts a form to IAM that asks for something: any answer.
    pub(super) async fn look_at_iam(&self, step: Step, form: &str) -> Result<Answer, Error> {
        let call = self.to_iam(step, form)?;
        let answer = self.iam.ask(step, call).await;
        self.looked(step, answer)
    }

    /// Posts a form to IAM that has something done: any answer.
    pub(super) async fn act_at_iam(&self, step: Step, form: &str) -> Result<Answer, Error> {
        let call = self.to_iam(step, form)?;
        self.going_on(step, &self.iam, call).await
    }

    pub(super) fn accepted(&self, step: Step, answer: &Answer) -> Result<(), Error> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(refusal(self.access, step, answer))
    }

    fn looked(&self, step: Step, answer: Result<Answer, Failure>) -> Result<Answer, Error> {
        let answer = answer.map_err(|failure| failure.of_look(self.access, step, self.acted()))?;
        // It is busy, or a proxy before it finds nobody.
        if answer.status == StatusCode::SERVICE_UNAVAILABLE && !self.acted() {
            return Err(unreachable(self.access, &words(&answer)));
        }
        Ok(answer)
    }

    /// A request that changes something goes on when the call is dropped, and keeps the instance's turn until its answer
    /// is there: the next call must find what it did.
    async fn going_on(&self, step: Step, exchange: &Exchange, call: Call) -> Result<Answer, Error> {
        let had_acted = self.has_acted.swap(true, Ordering::Relaxed);
        let (turn, exchange) = (self.turn.clone(), exchange.clone());
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

    fn to_storage(&self, step: Step, ask: Ask<'_>, key: &Key) -> Result<Call, Error> {
        let url = self.url(&ask)?;
        let method = match ask.method {
            Method::GET => rusty_s3::Method::Get,
            Method::POST => rusty_s3::Method::Post,
            Method::PUT => rusty_s3::Method::Put,
            Method::DELETE => rusty_s3::Method::Delete,
            _ => rusty_s3::Method::Head,
        };
        let mut query = ask.query;
        query.sort_unstable();
        let url = rusty_s3::signing::sign(
            &Timestamp::now(),
            method,
            url,
            &key.id,
            key.secret.expose_secret(),
            None,
            &self.place.region,
            SIGNATURE_SECONDS,
            query.iter().copied(),
            ask.headers.iter().copied(),
        );
        let mut call = Call::new(ask.method, url.to_string());
        for (name, value) in ask.headers {
            call.headers.push((name, self.header(step, value)?));
        }
        if !ask.body.is_empty() {
            // AWS wants it of the requests that have a body, and older endpoints know no other checksum.
            let digest = STANDARD.encode(Md5::digest(ask.body.as_bytes()));
            call.headers
                .push(("content-md5", self.header(step, &digest)?));
        }
        call.body = ask.body;
        Ok(call)
    }

    fn url(&self, ask: &Ask<'_>) -> Result<Url, Error> {
        let endpoint = self.place.endpoint.clone();
        let Some(bucket) = ask.bucket else {
            return Ok(endpoint);
        };
        let style = match self.place.style {
            Style::Path => UrlStyle::Path,
            Style::Virtual => UrlStyle::VirtualHost,
        };
        let invalid = |error: &dyn std::fmt::Display| {
            let reason = format!("no URL can be made with bucket '{bucket}': {error}");
            unsupported(self.access, reason)
        };
        let bucket = Bucket::new(endpoint, style, bucket.to_owned(), "");
        let bucket = bucket.map_err(|error| invalid(&error))?;
        match ask.object {
            Some(object) => Ok(bucket.object_url(object)),
            None => Ok(bucket.base_url().clone()),
        }
    }

    fn to_iam(&self, step: Step, form: &str) -> Result<Call, Error> {
        let (url, region) = (&self.place.iam, self.place.iam_region);
        let signature = sign::sign(&self.key, region, url, form, Timestamp::now());
        let mut authorization = self.header(step, &signature.authorization)?;
        authorization.set_sensitive(true);
        let mut call = Call::new(Method::POST, url.to_string());
        call.headers = vec![
            ("authorization", authorization),
            ("content-type", HeaderValue::from_static(FORM)),
            ("x-amz-date", self.header(step, &signature.date)?),
        ];
        form.clone_into(&mut call.body);
        Ok(call)
    }

    fn header(&self, step: Step, value: &str) -> Result<HeaderValue, Error> {
        HeaderValue::from_str(value).map_err(|error| {
            let reason = format!("a header that is none: {error}");
            unexpected(self.access, step, &reason)
        })
    }

    fn acted(&self) -> bool {
        self.has_acted.load(Ordering::Relaxed)
    }
}
