//! Requests to the endpoint, each with its signature and its time-out.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls_platform_verifier::BuilderVerifierExt;
use rusty_s3::Bucket;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use url::Url;

use super::answer::Answer;
use super::limits::{ANSWER_BYTES, CONNECT, PAUSE, Step, TRIES};
use super::settings::{Credentials, Settings};
use crate::target::{Error, Name};

/// A request. It is signed for each time that it is sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) sign: &'a (dyn Fn() -> Url + Sync),
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl<'a> Call<'a> {
    /// Without a body.
    pub(super) fn new(method: Method, sign: &'a (dyn Fn() -> Url + Sync)) -> Self {
        Self {
            method,
            sign,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }
}

/// The way to a bucket.
pub(super) struct Client {
    pub(super) settings: Settings,
    pub(super) bucket: Bucket,
    pub(super) credentials: rusty_s3::Credentials,
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// The uploads of this process that are under way.
    pub(super) uploads: Mutex<HashSet<String>>,
}

impl Client {
    pub(super) fn new(settings: Settings, credentials: Credentials) -> Result<Self, Error> {
        let failed = |reason: String| Error::Failed {
            place: settings.description(),
            doing: "preparing requests",
            reason,
        };
        let bucket = Bucket::new(
            settings.endpoint.clone(),
            settings.style,
            settings.bucket.clone(),
            settings.region.clone(),
        )
        .map_err(|error| failed(error.to_string()))?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let trust = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| {
                failed(format!("the machine's trust store cannot be read: {error}"))
            })?;
        // Which of the two it is, the operator's URL says; redirects, which could change it, are not followed.
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self {
            bucket,
            credentials: rusty_s3::Credentials::new(
                credentials.id,
                credentials.secret.expose_secret(),
            ),
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            uploads: Mutex::default(),
            settings,
        })
    }

    pub(super) fn key(&self, name: &Name) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    pub(super) fn uploads(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and the beginning of its answer.
    pub(super) async fn send(
        &self,
        step: Step,
        call: &Call<'_>,
    ) -> Result<Response<Incoming>, Error> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri((call.sign)().as_str())
            .body(Full::new(call.body.clone()))
            .map_err(|error| self.failed(step, error.to_string()))?;
        request.headers_mut().extend(call.headers.iter().cloned());
        match timeout(step.within, self.pool.request(request)).await {
            Ok(answer) => answer.map_err(|error| self.failed(step, causes(&error))),
            Err(_) => Err(self.no_answer(step)),
        }
    }

    /// One request and its whole answer.
    async fn ask(&self, step: Step, call: &Call<'_>) -> Result<Answer, Error> {
        let (head, body) = self.send(step, call).await?.into_parts();
        self.whole(step, head.status, head.headers, body).await
    }

    /// The rest of an answer.
    pub(super) async fn whole(
        &self,
        step: Step,
        status: StatusCode,
        headers: HeaderMap,
        body: Incoming,
    ) -> Result<Answer, Error> {
        match timeout(step.within, Limited::new(body, ANSWER_BYTES).collect()).await {
            Ok(Ok(body)) => Ok(Answer {
                status,
                headers,
                body: body.to_bytes(),
            }),
            Ok(Err(error)) => Err(self.failed(step, causes(error.as_ref()))),
            Err(_) => Err(self.no_answer(step)),
        }
    }

    /// A request that may be sent more than once: until there is an answer that counts, or it was sent often enough.
    pub(super) async fn ask_patiently(&self, step: Step, call: &Call<'_>) -> Result<Answer, Error> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.ask(step, call).await {
                Ok(answer) if answer.is_transient() => {}
                Err(error) if error.is_transient() => {}
                other => return other,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.ask(step, call).await
    }

    /// The error of an answer that is one.
    pub(super) fn accepted(&self, step: Step, answer: &Answer) -> Result<(), Error> {
        if !answer.is_refusal() {
            return Ok(());
        }
        let (place, doing, reason) = (self.settings.description(), step.doing, answer.words());
        Err(match answer.status {
            _ if answer.is_full() => Error::Full { place, reason },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Refused {
                place,
                doing,
                reason,
            },
            _ if answer.is("NoSuchBucket") => Error::Refused {
                place,
                doing,
                reason,
            },
            _ => Error::Failed {
                place,
                doing,
                reason,
            },
        })
    }

    pub(super) fn failed(&self, step: Step, reason: String) -> Error {
        Error::Failed {
            place: self.settings.description(),
            doing: step.doing,
            reason,
        }
    }

    pub(super) fn no_answer(&self, step: Step) -> Error {
        Error::NoAnswer {
            place: self.settings.description(),
            doing: step.doing,
            after: step.within,
        }
    }
}

/// An error's words with all causes.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
