//! Requests to the service as applications make them, and as the owner of the account does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret;
use sha2::Sha256;
use windlass_services::{Access, Variable};

use crate::fixture::value;

const VERSION: &str = "2025-07-05";

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

pub(crate) async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header("x-ms-version", VERSION);
    let request = request.body(Full::<Bytes>::from(body.to_owned()));
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request.expect("a request")).await;
    let (head, body) = answer.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// An application: where its container is, and its signature.
pub(crate) struct Blobs {
    pub(crate) endpoint: String,
    pub(crate) container: String,
    pub(crate) signature: String,
}

impl Blobs {
    pub(crate) fn of(variables: &[Variable]) -> Self {
        let part = |part: &str| value(variables, &format!("DEFAULT_STORAGE_{part}")).to_owned();
        Self {
            endpoint: part("ENDPOINT_URL"),
            container: part("CONTAINER"),
            signature: part("SAS_TOKEN"),
        }
    }

    /// The same signature at another container.
    pub(crate) fn on(&self, container: &str) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            container: container.to_owned(),
            signature: self.signature.clone(),
        }
    }

    pub(crate) fn url(&self, blob: &str) -> String {
        let (endpoint, container) = (&self.endpoint, &self.container);
        format!("{endpoint}/{container}/{blob}?{}", self.signature)
    }

    pub(crate) async fn put(&self, blob: &str, body: &str) -> Answer {
        let kind = [("x-ms-blob-type", "BlockBlob")];
        send(Method::PUT, &self.url(blob), &kind, body).await
    }

    pub(crate) async fn get(&self, blob: &str) -> Answer {
        send(Method::GET, &self.url(blob), &[], "").await
    }

    pub(crate) async fn delete(&self, blob: &str) -> Answer {
        send(Method::DELETE, &self.url(blob), &[], "").await
    }

    /// Has the service copy a blob of another container into one of this.
    pub(crate) async fn copy(&self, from: &Self, blob: &str) -> Answer {
        let source = from.url(blob);
        let headers = [("x-ms-copy-source", source.as_str())];
        send(Method::PUT, &self.url("copied"), &headers, "").await
    }

    /// A request to the container itself.
    pub(crate) async fn ask(
        &self,
        method: Method,
        query: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (endpoint, container) = (&self.endpoint, &self.container);
        let url = format!(
            "{endpoint}/{container}?restype=container{query}&{}",
            self.signature
        );
        send(method, &url, headers, body).await
    }

    pub(crate) async fn list(&self) -> Answer {
        self.ask(Method::GET, "&comp=list", &[], "").await
    }
}

/// A request of the account's owner; the parameters in their alphabetical order.
pub(crate) async fn owner(
    access: &Access,
    method: Method,
    container: &str,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let settings = access.settings.as_ref().expect("settings");
    let url = settings["url"].as_str().expect("a URL");
    let date = jiff::Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let mut all = headers.to_vec();
    all.extend([("x-ms-date", date.as_str()), ("x-ms-version", VERSION)]);
    all.sort_unstable();
    let length = if body.is_empty() {
        String::new()
    } else {
        body.len().to_string()
    };
    let mut text = format!("{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n");
    for (name, value) in &all {
        text = format!("{text}{name}:{value}\n");
    }
    let account = &access.user;
    text = format!("{text}/{account}/{account}/{container}");
    for (name, value) in query {
        text = format!("{text}\n{name}:{value}");
    }
    let key = STANDARD.decode(access.password.expose_secret());
    let mut code = Hmac::<Sha256>::new_from_slice(&key.expect("base64")).expect("a key");
    code.update(text.as_bytes());
    let code = STANDARD.encode(code.finalize().into_bytes());
    let authorization = format!("SharedKey {account}:{code}");
    all.retain(|(name, _)| *name != "x-ms-version");
    all.push(("authorization", &authorization));
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!("{url}/{container}?{}", query.join("&"));
    send(method, &url, &all, body).await
}
