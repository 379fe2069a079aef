//! Memcached as the conformance suite sees it.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use windlass_model::id::InstanceId;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{Access, Driver, Endpoint, Variable};

use crate::server::{Client, Server, VERSION};

pub(crate) struct Memcached {
    pub(crate) server: Server,
    pub(crate) driver: MemcachedDriver,
}

/// A variable's value.
pub(crate) fn value(variables: &[Variable], name: &str) -> String {
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str() == name);
    found
        .expect("the variable is there")
        .value
        .expose_secret()
        .to_owned()
}

#[async_trait]
impl Session for Client {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let length = value.len();
        let command = format!("set {key} 0 0 {length}\r\n{value}\r\n");
        let answer = self.ask(&command).await?;
        (answer == "STORED").then_some(()).ok_or(answer)
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        if self.ask(&format!("get {key}\r\n")).await? == "END" {
            return Ok(None);
        }
        let value = self.line().await?;
        self.line().await?;
        Ok(Some(value))
    }

    async fn try_read_other(
        &mut self,
        _other: InstanceId,
        _key: &str,
    ) -> Result<Option<String>, String> {
        unreachable!("a server has one instance")
    }

    async fn is_alive(&mut self) -> bool {
        self.ask("version\r\n").await.is_ok()
    }
}

#[async_trait]
impl Fixture for Memcached {
    fn traits(&self) -> Traits {
        Traits {
            shared: false,
            users: false,
            connection_limit: false,
            marks: false,
            sessions: false,
            ..Traits::ALL
        }
    }

    fn driver(&self) -> &dyn Driver {
        &self.driver
    }

    fn version(&self) -> &'static str {
        VERSION
    }

    fn access(&self) -> Access {
        self.server.access.clone()
    }

    fn unreachable(&self) -> Access {
        // The discard port: nothing listens there.
        Access {
            endpoint: Endpoint {
                host: "127.0.0.1".to_owned(),
                port: 9,
            },
            ..self.access()
        }
    }

    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        let client = Client::connect(&value(variables, "MEMCACHE_SERVERS")).await?;
        Ok(Box::new(client))
    }

    async fn connect_to(
        &self,
        _variables: &[Variable],
        _other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        unreachable!("a server has one instance")
    }

    /// The server knows no instances; what it holds is looked at by the tests in `servers`.
    async fn traces(&self, _instance: InstanceId) -> Vec<String> {
        Vec::new()
    }

    async fn make_foreign(&self, _instance: InstanceId) {
        unreachable!("nothing has a name on the server")
    }

    async fn remove_foreign(&self, _instance: InstanceId) {
        unreachable!("nothing has a name on the server")
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(log.contains("set windlass:probe"), "the server logs all");
        log
    }
}
