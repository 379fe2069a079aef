//! A FerretDB server for the tests. Each test has one of its own, as each instance has.

use std::process::Command;
use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::Value;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::Access;

use crate::client::{Client, Python};
use crate::support::Container;

pub(crate) const VERSION: &str = "1.24";

pub(crate) struct Server {
    pub(crate) container: Container,
    pub(crate) superuser: Access,
    pub(crate) python: Arc<Python>,
}

impl Server {
    /// Starts the server as the driver specifies it, with a log that says all it can.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        let settings = [&["--log-level=debug"], settings].concat();
        let container = Container::start(&MongodbDriver::ferretdb(), VERSION, &settings);
        let superuser = container.access.clone();
        let server = Self {
            container,
            superuser,
            python: Python::start(),
        };
        server.wait().await;
        server
    }

    /// Waits until it takes connections.
    async fn wait(&self) {
        let (host, port) = (&self.superuser.endpoint.host, self.superuser.endpoint.port);
        self.container
            .wait_until(async || {
                // Docker's own listener is there before the server's, and closes what it cannot pass on.
                let listening = self.container.log().matches("Listening on TCP").count();
                let started = self.container.log().matches("Starting FerretDB").count();
                if listening == 0 || listening < started {
                    return Err(format!("{listening} of {started} starts are done"));
                }
                let connected = tokio::net::TcpStream::connect((host.as_str(), port)).await;
                connected.map(drop).map_err(|error| error.to_string())
            })
            .await;
    }

    /// Stops the server and starts it again, at another port of this machine.
    pub(crate) async fn restart(&mut self) {
        let restarted = Command::new("docker")
            .args(["restart", &self.container.name])
            .output()
            .expect("docker can be run");
        assert!(restarted.status.success(), "{restarted:?}");
        let port = self.container.published(self.container.spec.port);
        self.superuser.endpoint.port = port;
        self.wait().await;
    }

    /// The files of the data with their names, as tar puts them.
    pub(crate) fn files(&self) -> String {
        let copied = Command::new("docker")
            .args(["cp", &format!("{}:/state", self.container.name), "-"])
            .output()
            .expect("docker can be run");
        assert!(copied.status.success(), "{copied:?}");
        String::from_utf8_lossy(&copied.stdout).into_owned()
    }

    pub(crate) fn administrator(&self) -> Client {
        let opened = self.python.open(&url(&self.superuser));
        opened.expect("the administrator can connect")
    }

    /// Runs a command as the administrator.
    pub(crate) fn run(&self, database: &str, command: &Value) -> Value {
        let ran = self.administrator().run(database, command);
        ran.expect("the administrator may do this")
    }
}

/// The URL of an administrator.
pub(crate) fn url(access: &Access) -> String {
    let (host, port) = (&access.endpoint.host, access.endpoint.port);
    let password = access.password.expose_secret();
    format!(
        "mongodb://{}:{password}@{host}:{port}/?authSource=admin",
        access.user
    )
}
