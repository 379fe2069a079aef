//! A Garage server for the tests.

use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::garage::GarageDriver;
use windlass_services::{Access, Driver, Endpoint, Error};

use crate::support::Container;

pub(crate) const VERSION: &str = "2.5";

/// The requests that the driver makes: what an operator's token for Windlass has to have in its scope.
pub(crate) const NEEDED: [&str; 19] = [
    "AddBucketAlias",
    "AllowBucketKey",
    "ApplyClusterLayout",
    "CleanupIncompleteUploads",
    "CreateBucket",
    "CreateKey",
    "DeleteBucket",
    "DeleteKey",
    "DenyBucketKey",
    "GetBucketInfo",
    "GetClusterHealth",
    "GetClusterLayout",
    "GetClusterStatus",
    "GetKeyInfo",
    "ImportKey",
    "ListKeys",
    "UpdateBucket",
    "UpdateClusterLayout",
    "UpdateKey",
];

/// The server that the tests of one binary share. Each test uses instances of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(Server::start).await
}

pub(crate) struct Server {
    container: Container,
    pub(crate) administrator: Access,
}

impl Server {
    /// Starts the server as the driver specifies it, and lets the driver give it its layout.
    pub(crate) async fn start() -> Self {
        let server = Self::start_bare();
        let driver = GarageDriver::new();
        // Whoever waits for a server waits as long as it cannot be reached, so that a start has no other
        // error.
        let prepared = server.container.wait_until(async || {
            match driver.prepare(&server.administrator).await {
                Err(error @ Error::Unreachable { .. }) => Err(error),
                other => Ok(other),
            }
        });
        prepared.await.expect("a new server can be used");
        server
    }

    /// A server that may not answer yet, and has no layout.
    pub(crate) fn start_bare() -> Self {
        let container = Container::start(&GarageDriver::new(), VERSION, &[]);
        let administrator = container.access.clone();
        Self {
            container,
            administrator,
        }
    }

    pub(crate) async fn until_it_answers(&self) {
        let answers = self.container.wait_until(async || {
            let asked = self
                .try_ask(Method::GET, "GetClusterStatus", Value::Null)
                .await;
            asked.map(|_| ())
        });
        answers.await;
    }

    /// Where applications connect.
    pub(crate) fn applications(&self) -> Endpoint {
        Endpoint {
            host: "127.0.0.1".to_owned(),
            port: self.administrator.application_port,
        }
    }

    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<(StatusCode, Value), String> {
        let address = &self.administrator.endpoint;
        let token = self.administrator.password.expose_secret();
        let (host, port) = (&address.host, address.port);
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{host}:{port}/v2/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Full::<Bytes>::from(body.to_string()))
            .expect("a request");
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let asking = async {
            let answer = client.request(request).await;
            let answer = answer.map_err(|error| format!("{error:?}"))?;
            let status = answer.status();
            let body = answer.into_body().collect().await;
            let body = body.map_err(|error| format!("{error:?}"))?.to_bytes();
            Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
        };
        tokio::time::timeout(Duration::from_secs(30), asking)
            .await
            .expect("an answer in time")
    }

    /// The administration's answer.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        self.try_ask(method, path, body).await.expect("an answer")
    }

    /// Has something done.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// An object or a list, null if there is none.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, Value::Null).await;
        if status == StatusCode::NOT_FOUND {
            return Value::Null;
        }
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// The bucket of that name, null if there is none; the server lists its keys in any order.
    pub(crate) async fn bucket(&self, name: &str) -> Value {
        let mut bucket = self
            .look(&format!("GetBucketInfo?globalAlias={name}"))
            .await;
        // Not by its index, which would make an object of nothing.
        if let Some(keys) = bucket.get_mut("keys").and_then(Value::as_array_mut) {
            keys.sort_by_key(|key| key["accessKeyId"].to_string());
        }
        bucket
    }

    /// Waits until the server has counted so many objects and bytes in the bucket: it counts behind its answers,
    /// as a rule within milliseconds.
    pub(crate) async fn until_counted(&self, name: &str, objects: u64, bytes: u64) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let bucket = self.bucket(name).await;
            if bucket["objects"] == objects && bucket["bytes"] == bytes {
                return;
            }
            assert!(Instant::now() < deadline, "{objects} {bytes}: {bucket}");
            sleep(Duration::from_millis(25)).await;
        }
    }

    /// Keys whose names have this in them.
    pub(crate) async fn keys(&self, part: &str) -> Vec<Value> {
        let all = self.look("ListKeys?limit=100000").await;
        let all = all.as_array().expect("a list").clone();
        all.into_iter()
            .filter(|key| key["name"].as_str().is_some_and(|name| name.contains(part)))
            .collect()
    }

    /// Another administrator, who may make these requests.
    pub(crate) async fn token(&self, scope: &[&str]) -> Access {
        let name = format!("test-{}", Uuid::now_v7().simple());
        let body = json!({ "name": name, "scope": scope, "neverExpires": true });
        let made = self.post("CreateAdminToken", body).await;
        let token = made["secretToken"].as_str().expect("a token").to_owned();
        Access {
            // A cluster of its own for the driver: another administrator is another pool of calls.
            cluster: ClusterId::from(Uuid::now_v7()),
            password: SecretString::from(token),
            ..self.administrator.clone()
        }
    }

    /// The server's own address, at which all of its ports are.
    pub(crate) fn address(&self) -> String {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let shown = Command::new("docker")
            .args(["inspect", "--format", format, &self.container.name])
            .output()
            .expect("docker runs");
        let address = String::from_utf8(shown.stdout).expect("an address");
        address.trim().to_owned()
    }

    /// What a program in the server's container prints.
    pub(crate) fn exec(&self, arguments: &[&str]) -> String {
        self.container.exec(arguments).expect("it succeeds")
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        self.container.log()
    }
}
