//! A RabbitMQ server for the tests.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_services::{Access, Driver, Endpoint, Error, password};

use crate::support::Container;
use crate::wanted::Wanted;

/// What the tests of this binary run on.
pub(crate) static WANTED: LazyLock<Wanted> = LazyLock::new(|| Wanted::or("rabbitmq-3.10"));

/// The server that the tests of one binary share. Each test uses instances and users of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(Server::start).await
}

pub(crate) struct Server {
    container: Container,
    pub(crate) administrator: Access,
}

impl Server {
    /// Starts the server as the driver specifies it.
    pub(crate) async fn start() -> Self {
        assert_eq!(WANTED.kind, "rabbitmq", "these tests know no other");
        let driver = RabbitmqDriver::new();
        let container = Container::start(&driver, &WANTED.version, &[]);
        let administrator = container.access.clone();
        // Whoever waits for a server waits as long as it cannot be reached, so that a start has no other
        // error.
        let prepared = container.wait_until(async || match driver.prepare(&administrator).await {
            Err(error @ Error::Unreachable { .. }) => Err(error),
            other => Ok(other),
        });
        prepared.await.expect("a new server can be used");
        let server = Self {
            container,
            administrator,
        };
        server.control(&["set_log_level", "debug"]);
        server
    }

    /// Where applications connect.
    pub(crate) fn applications(&self) -> Endpoint {
        Endpoint {
            host: "127.0.0.1".to_owned(),
            port: self.container.published(self.container.spec.port),
        }
    }

    /// An answer of the management API to a user of it.
    pub(crate) async fn ask(
        &self,
        (user, password): (&str, &str),
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let address = &self.administrator.endpoint;
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        let request = Request::builder()
            .method(method)
            .uri(format!(
                "http://{}:{}/api/{path}",
                address.host, address.port
            ))
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()))
            .expect("a request");
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let asking = async {
            let answer = client.request(request).await.expect("an answer");
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("a body");
            (status, body.to_bytes())
        };
        let (status, body) = tokio::time::timeout(Duration::from_secs(30), asking)
            .await
            .expect("an answer in time");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// The same to the administrator that the server was made with.
    pub(crate) async fn administer(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let credentials = (
            self.administrator.user.as_str(),
            self.administrator.password.expose_secret(),
        );
        self.ask(credentials, method, path, body).await
    }

    /// Sets an object.
    pub(crate) async fn put(&self, path: &str, body: Value) {
        let (status, answer) = self.administer(Method::PUT, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
    }

    /// An object or a list, null if there is none.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let (status, answer) = self.administer(Method::GET, path, Value::Null).await;
        if status == StatusCode::NOT_FOUND {
            return Value::Null;
        }
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Another user of the management API, with these tags and no rights in any virtual host.
    pub(crate) async fn user(&self, tags: &str) -> Access {
        let access = Access {
            // A cluster of its own for the driver: another administrator is another pool of calls.
            cluster: ClusterId::from(Uuid::now_v7()),
            user: format!("admin-{}", Uuid::now_v7().simple()),
            password: password::generate(),
            ..self.administrator.clone()
        };
        let body = json!({ "password": access.password.expose_secret(), "tags": tags });
        self.put(&format!("users/{}", access.user), body).await;
        access
    }

    /// Runs `rabbitmqctl`.
    pub(crate) fn control(&self, arguments: &[&str]) -> String {
        let command = [&["rabbitmqctl", "--quiet"], arguments].concat();
        // As the server's own user, who alone can read the cookie.
        let arguments = [
            &[
                "setpriv",
                "--reuid=rabbitmq",
                "--regid=rabbitmq",
                "--clear-groups",
            ],
            command.as_slice(),
        ];
        self.container
            .exec(&arguments.concat())
            .expect("rabbitmqctl succeeds")
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        self.container.log()
    }
}
