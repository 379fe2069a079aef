//! Redis as the conformance suite sees it, and shorthands for the other tests.

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use secrecy::ExposeSecret;
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::redis::{RESERVED_CONNECTIONS, RedisDriver};
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

use crate::server::{Server, WANTED, connect, run};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Redis {
    pub(crate) server: Server,
    pub(crate) driver: RedisDriver,
    pub(crate) access: Access,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let server = Server::start().await;
        let access = server.superuser.clone();
        Self {
            server,
            driver: crate::server::driver(),
            access,
        }
    }

    /// An instance with a binding.
    pub(crate) async fn made(&self) -> (InstanceSpec, BindingSpec) {
        let spec = spec();
        self.driver.prepare(&self.access).await.expect("prepare");
        self.driver
            .provision(&self.access, &spec)
            .await
            .expect("provision");
        let binding = self.bound(&spec, 1).await;
        (spec, binding)
    }

    pub(crate) async fn bound(&self, spec: &InstanceSpec, generation: u32) -> BindingSpec {
        let binding = binding(generation);
        self.driver
            .bind(&self.access, spec, &binding)
            .await
            .expect("bind");
        binding
    }

    /// The tenant's own connection.
    pub(crate) async fn tenant(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> MultiplexedConnection {
        let url = value(&self.variables(spec, binding), "REDIS_URL");
        connect(&url).await.expect("the tenant can connect")
    }

    pub(crate) fn variables(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Vec<Variable> {
        self.driver.variables(&VariableRequest {
            prefix: Prefix::default_prefix(),
            instance: spec.instance,
            generation: binding.generation,
            password: binding.password.clone(),
            endpoint: self.access.endpoint.clone(),
            tls: self.access.tls,
            url_scheme: None,
            profile: None,
            media_host: None,
        })
    }
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(10)
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

struct Connection(MultiplexedConnection);

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let written = run(&mut self.0, &["SET", key, value]).await;
        written.map_err(|error| error.to_string())
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let read = run(&mut self.0, &["GET", key]).await;
        read.map_err(|error| error.to_string())
    }

    async fn try_read_other(
        &mut self,
        _other: InstanceId,
        _key: &str,
    ) -> Result<Option<String>, String> {
        unreachable!("a server has one instance")
    }

    async fn is_alive(&mut self) -> bool {
        run::<String>(&mut self.0, &["PING"]).await.is_ok()
    }
}

#[async_trait]
impl Fixture for Redis {
    fn traits(&self) -> Traits {
        Traits {
            shared: false,
            reserved_connections: RESERVED_CONNECTIONS,
            sessions: false,
            ..Traits::ALL
        }
    }

    fn driver(&self) -> &dyn Driver {
        &self.driver
    }

    fn version(&self) -> &'static str {
        &WANTED.version
    }

    fn access(&self) -> Access {
        self.access.clone()
    }

    fn unreachable(&self) -> Access {
        // The discard port: nothing listens there.
        Access {
            endpoint: Endpoint {
                host: "127.0.0.1".to_owned(),
                port: 9,
            },
            ..self.access.clone()
        }
    }

    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        let opened = connect(&value(variables, "REDIS_URL")).await;
        let connection = opened.map_err(|error| error.to_string())?;
        Ok(Box::new(Connection(connection)))
    }

    async fn connect_to(
        &self,
        _variables: &[Variable],
        _other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        unreachable!("a server has one instance")
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let name = format!("svc_{}", short(instance));
        let users: Vec<String> = self.server.run(&["ACL", "LIST"]).await;
        let is_ours = |line: &String| line.contains(&name);
        let mut traces: Vec<String> = users.iter().filter(|line| is_ours(line)).cloned().collect();
        // What would come back after a restart.
        let file = self.server.container.exec(&["cat", "/data/users.acl"]);
        let file = file.expect("the file of the users");
        traces.extend(file.lines().map(str::to_owned).filter(is_ours));
        if traces.is_empty() {
            // Nothing else may be left either: `default` is off, and there is no data.
            let default = users
                .into_iter()
                .filter(|line| line.starts_with("user default on"));
            traces.extend(default);
            let keys: u64 = self.server.run(&["DBSIZE"]).await;
            traces.extend((keys > 0).then(|| format!("{keys} keys")));
        }
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        for user in [&name, &format!("{name}_1")] {
            let words = ["ACL", "SETUSER", user, "on", ">own", "~own:*", "+get"];
            self.server.run::<()>(&words).await;
        }
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        let words = ["ACL", "DELUSER", &name, &format!("{name}_1")];
        self.server.run::<()>(&words).await;
        self.server.run::<()>(&["ACL", "SAVE"]).await;
    }

    async fn server_log(&self) -> String {
        let slow: Vec<redis::Value> = self.server.run(&["SLOWLOG", "GET", "-1"]).await;
        let refused: Vec<redis::Value> = self.server.run(&["ACL", "LOG", "1000"]).await;
        let everything: String = self.server.run(&["INFO", "everything"]).await;
        let log = self.server.container.log();
        assert!(
            log.contains("Ready to accept connections"),
            "the server's log"
        );
        format!("{log}{slow:?}{refused:?}{everything}")
    }
}
