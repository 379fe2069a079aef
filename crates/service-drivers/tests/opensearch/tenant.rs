//! Requests as a user of the server.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use windlass_model::percent::encode;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A user with connections of its own.
pub(crate) struct Tenant {
    client: Client<HttpConnector, Full<Bytes>>,
    server: String,
    credentials: String,
}

impl Tenant {
    /// Of a server at `host:port`.
    pub(crate) fn new(server: String, user: &str, password: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            server,
            credentials: STANDARD.encode(format!("{user}:{password}")),
        }
    }

    /// The server's answer; null if it is not JSON.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, body).await
    }

    /// The same with a body that is no JSON.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/{path}", self.server))
            .header("authorization", format!("Basic {}", self.credentials))
            .header("content-type", "application/json")
            .body(Full::from(body))
            .expect("a request");
        let asking = async {
            let answer = self.client.request(request).await.expect("an answer");
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("a body");
            (status, body.to_bytes())
        };
        let (status, body) = tokio::time::timeout(PATIENCE, asking)
            .await
            .expect("an answer in time");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, Value::Null).await
    }

    /// Something that is accepted.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Writes a document at once.
    pub(crate) async fn write(&self, index: &str, key: &str, value: &str) -> Result<(), String> {
        let path = format!("{index}/_doc/{}?refresh=true", encode(key));
        let body = serde_json::json!({ "value": value });
        let (status, answer) = self.ask(Method::PUT, &path, body).await;
        if status.is_success() {
            return Ok(());
        }
        Err(format!("{status} {answer}"))
    }

    /// Reads a document.
    pub(crate) async fn read(&self, index: &str, key: &str) -> Result<Option<String>, String> {
        let (status, answer) = self.get(&format!("{index}/_doc/{}", encode(key))).await;
        match status {
            StatusCode::OK => Ok(answer["_source"]["value"].as_str().map(str::to_owned)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(format!("{status} {answer}")),
        }
    }
}
