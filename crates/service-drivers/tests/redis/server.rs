//! A Redis server for the tests. Each test has one of its own, as each instance has.

use std::process::Command;
use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, RedisError};
use secrecy::ExposeSecret;
use windlass_service_drivers::redis::RedisDriver;
use windlass_services::Access;

use crate::support::Container;
use crate::wanted::Wanted;

/// What the tests of this binary run on.
pub(crate) static WANTED: LazyLock<Wanted> = LazyLock::new(|| Wanted::or("redis-7"));

pub(crate) fn driver() -> RedisDriver {
    match WANTED.kind.as_str() {
        "redis" => RedisDriver::redis(),
        "valkey" => RedisDriver::valkey(),
        other => panic!("these tests know no {other}"),
    }
}

pub(crate) struct Server {
    pub(crate) container: Container,
    pub(crate) superuser: Access,
}

impl Server {
    /// Starts the server as the driver specifies it, with a log that says all it can.
    pub(crate) async fn start() -> Self {
        let settings = ["--loglevel", "debug"];
        let container = Container::start(&driver(), &WANTED.version, &settings);
        let superuser = container.access.clone();
        let server = Self {
            container,
            superuser,
        };
        server.wait().await;
        server
    }

    /// Waits until it takes connections.
    pub(crate) async fn wait(&self) {
        self.container
            .wait_until(async || connect(&url(&self.superuser)).await)
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

    /// Runs a command as the administrator.
    pub(crate) async fn run<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = connect(&url(&self.superuser))
            .await
            .expect("the administrator can connect");
        run(&mut connection, words)
            .await
            .expect("the administrator may do this")
    }
}

/// The URL of an administrator.
pub(crate) fn url(access: &Access) -> String {
    let (host, port) = (&access.endpoint.host, access.endpoint.port);
    let password = access.password.expose_secret();
    format!("redis://{}:{password}@{host}:{port}/0", access.user)
}

/// Connects as applications do.
pub(crate) async fn connect(url: &str) -> Result<MultiplexedConnection, RedisError> {
    let mut connection = Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    // A server that is full closes a connection right after it was made.
    run::<String>(&mut connection, &["PING"]).await?;
    Ok(connection)
}

pub(crate) async fn run<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    words: &[&str],
) -> Result<T, RedisError> {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(word);
    }
    command.query_async(connection).await
}
