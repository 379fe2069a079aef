//! A Memcached server for the tests. Each test has one of its own, as each instance has.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_services::Access;

use crate::support::Container;

pub(crate) const VERSION: &str = "1.6";

pub(crate) struct Server {
    container: Container,
    pub(crate) access: Access,
}

impl Server {
    /// Starts the server as the driver specifies it, with a log that says all it can.
    pub(crate) async fn start(further: &[&str]) -> Self {
        let further = [&["-vv"], further].concat();
        let container = Container::start(&MemcachedDriver::new(), VERSION, &further);
        let access = container.access.clone();
        let address = format!("127.0.0.1:{}", access.endpoint.port);
        container
            .wait_until(async || Client::connect(&address).await)
            .await;
        Self { container, access }
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        self.container.log()
    }

    /// Runs a program in the container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Result<String, String> {
        self.container.exec(arguments)
    }
}

/// A client as applications have it.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects to `host:port`.
    pub(crate) async fn connect(server: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(server)
            .await
            .map_err(|error| error.to_string())?;
        let mut client = Self(BufReader::new(stream));
        let answer = client.ask("version\r\n").await?;
        if answer.starts_with("VERSION ") {
            Ok(client)
        } else {
            Err(answer)
        }
    }

    /// The first line of the answer to a command.
    pub(crate) async fn ask(&mut self, command: &str) -> Result<String, String> {
        let sent = self.0.write_all(command.as_bytes()).await;
        sent.map_err(|error| error.to_string())?;
        self.line().await
    }

    pub(crate) async fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await;
        match read {
            Ok(0) => Err("the connection was closed".to_owned()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}
