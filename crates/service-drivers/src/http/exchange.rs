//! The way to a server.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::answer::Answer;
use super::failure::{Failure, causes};
use crate::step::Step;

/// TCP: part of each time-out, and short, because a retry is cheap.
const CONNECT: Duration = Duration::from_secs(10);
/// Longer than a list of all users of a server with ten thousand of them.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// A request without what all requests to a server have in common.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, HeaderValue)>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn new(method: Method, url: String) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

/// The way to a server, with the headers that every request bears.
#[derive(Clone)]
pub(crate) struct Exchange {
    way: Way,
    headers: HeaderMap,
}

#[derive(Clone)]
enum Way {
    Plain(Pool<HttpConnector, Full<Bytes>>),
    Encrypted(Pool<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Exchange {
    /// Plain.
    pub(crate) fn with(headers: HeaderMap) -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build(connector());
        Self {
            way: Way::Plain(pool),
            headers,
        }
    }

    /// By TLS and in no other way.
    pub(crate) fn encrypted(headers: HeaderMap, trust: &Arc<ClientConfig>) -> Self {
        let mut connector = connector();
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(trust))
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        Self {
            way: Way::Encrypted(pool),
            headers,
        }
    }

    /// One request and its whole answer. Redirects are not followed: credentials go where they belong.
    pub(crate) async fn ask(&self, step: Step, call: Call) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.url)
            .body(Full::from(call.body))
            .map_err(|error| Failure::NotSent(error.to_string()))?;
        request.headers_mut().extend(self.headers.clone());
        for (name, value) in call.headers {
            request.headers_mut().insert(name, value);
        }
        let asking = async {
            let response = match &self.way {
                Way::Plain(pool) => pool.request(request).await,
                Way::Encrypted(pool) => pool.request(request).await,
            };
            let response = response.map_err(|error| {
                if error.is_connect() {
                    Failure::NotSent(causes(&error))
                } else {
                    Failure::Broken(causes(&error))
                }
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| Failure::Broken(causes(error.as_ref())))?;
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.to_bytes(),
            })
        };
        timeout(step.within, asking)
            .await
            .unwrap_or(Err(Failure::Elapsed))
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_nodelay(true);
    connector
}
