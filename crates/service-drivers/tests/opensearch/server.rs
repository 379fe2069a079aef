//! An OpenSearch server for the tests.

use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_services::{Access, Driver, Error, password};

use crate::support::Container;
use crate::tenant::Tenant;

pub(crate) const VERSION: &str = "2.19.4";

/// The server that the tests of one binary share: its start takes half a minute. Each test uses instances and users
/// of its own.
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
    async fn start() -> Self {
        let driver = OpensearchDriver::opensearch();
        let container = Container::start(&driver, VERSION, &[]);
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
        let loud = json!({ "transient": {
            "logger.org.opensearch.security.dlic": "DEBUG",
            "logger.org.opensearch.rest": "DEBUG",
            "logger.org.opensearch.http": "TRACE",
        } });
        let root = server.root();
        root.done(Method::PUT, "_cluster/settings", loud).await;
        server
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        let endpoint = &self.administrator.endpoint;
        format!("{}:{}", endpoint.host, endpoint.port)
    }

    /// The administrator that the server was made with.
    pub(crate) fn root(&self) -> Tenant {
        self.tenant(
            &self.administrator.user,
            self.administrator.password.expose_secret(),
        )
    }

    pub(crate) fn tenant(&self, user: &str, password: &str) -> Tenant {
        Tenant::new(self.address(), user, password)
    }

    /// Another user, with these roles of the server's own and these groups, which the server's configuration gives
    /// further roles.
    pub(crate) async fn user(&self, roles: &[&str], groups: &[&str]) -> Access {
        let access = Access {
            // A cluster of its own for the driver: another administrator is another pool of calls.
            cluster: ClusterId::from(Uuid::now_v7()),
            user: format!("admin-{}", Uuid::now_v7().simple()),
            password: password::generate(),
            ..self.administrator.clone()
        };
        let body = json!({
            "password": access.password.expose_secret(),
            "opendistro_security_roles": roles,
            "backend_roles": groups,
        });
        let path = format!("_plugins/_security/api/internalusers/{}", access.user);
        self.put(&path, body).await;
        access
    }

    /// Sets a role or a user, also while the driver sets others.
    pub(crate) async fn put(&self, path: &str, body: Value) {
        self.change(Method::PUT, path, body).await;
    }

    /// Deletes a role or a user.
    pub(crate) async fn delete(&self, path: &str) {
        self.change(Method::DELETE, path, Value::Null).await;
    }

    async fn change(&self, method: Method, path: &str, body: Value) {
        let root = self.root();
        for _ in 0..50 {
            let (status, answer) = root.ask(method.clone(), path, body.clone()).await;
            if status.is_success() {
                return;
            }
            assert_eq!(status, http::StatusCode::CONFLICT, "{path}: {answer}");
        }
        panic!("{path}: always another change before it");
    }

    /// What a program says that is run in the server's container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> String {
        self.container.exec(arguments).expect("it runs")
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        self.container.log()
    }
}
