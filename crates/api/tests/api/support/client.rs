//! A client as plain as can be: one connection for each request.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::events::Events;
use super::world::DEADLINE;

/// A client with a token, or without.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    authorization: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// Null when it is not JSON.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The only text of an error that is about no field.
    #[track_caller]
    pub(crate) fn refusal(&self, status: u16, code: &str) -> String {
        self.expect(status);
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert_eq!(
            self.body["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        let texts = self.body["non_field_errors"]
            .as_array()
            .expect("a list of texts");
        assert_eq!(texts.len(), 1);
        texts[0].as_str().unwrap().to_owned()
    }

    /// The texts of a field's error.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        self.expect(400);
        assert_eq!(self.body["code"], "invalid", "{}", self.text);
        assert_eq!(
            self.body["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        let texts = self.body[name]
            .as_array()
            .unwrap_or_else(|| panic!("no errors of {name}: {}", self.text));
        texts
            .iter()
            .map(|text| text.as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The objects of a list.
    #[track_caller]
    pub(crate) fn results(&self) -> &Vec<Value> {
        self.expect(200);
        self.body["results"].as_array().expect("a list")
    }
}

/// The object has these keys and no others.
#[track_caller]
pub(crate) fn assert_keys(object: &Value, keys: &str) {
    let mut held: Vec<&str> = object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let mut wanted: Vec<&str> = keys.split_whitespace().collect();
    held.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(held, wanted, "{object:#}");
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self {
            address,
            authorization: token.map(|token| format!("Token {token}")),
        }
    }

    /// The same with another `Authorization`.
    pub(crate) fn authorized(&self, authorization: Option<&str>) -> Self {
        Self {
            authorization: authorization.map(str::to_owned),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, &[], body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PATCH, path, &[], body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], "").await
    }

    pub(crate) async fn json(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send(method, path, &headers, &body.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let whole = async {
            let response = self.open(method, path, headers, body).await;
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        };
        let (parts, bytes) = tokio::time::timeout(DEADLINE * 2, whole)
            .await
            .expect("an answer in time");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            text,
        }
    }

    /// A stream of events.
    pub(crate) async fn events(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let headers = [headers, &[("accept", "text/event-stream")]].concat();
        let response = self.open(Method::GET, path, &headers, "").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events::new(response.into_body())
    }

    /// The status, and the code of a refusal: what an endless answer says is not waited for.
    pub(crate) async fn verdict(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("content-type", "application/json")];
        let whole = async {
            let response = self.open(method, path, &headers, &body.to_string()).await;
            let status = response.status().as_u16();
            if status < 400 {
                return (status, Value::Null);
            }
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            (status, body)
        };
        tokio::time::timeout(DEADLINE * 2, whole)
            .await
            .expect("an answer in time")
    }

    async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let path = path
            .strip_prefix(&format!("http://{}", self.address))
            .unwrap_or(path);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string());
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .unwrap();
        sender.send_request(request).await.unwrap()
    }
}
