//! The driver and its server for the suite.

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::rabbitmq::RabbitmqDriver;
use windlass_services::conformance::{Fixture, Session};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

use crate::amqp::{Amqp, parse};
pub(crate) use crate::given::value;
use crate::server::{Server, WANTED};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Rabbitmq {
    pub(crate) server: &'static Server,
    pub(crate) access: Access,
    pub(crate) driver: RabbitmqDriver,
    applications: Endpoint,
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(20)
}

pub(crate) fn name(instance: InstanceId) -> String {
    format!("svc-{}", short(instance))
}

impl Rabbitmq {
    pub(crate) fn new(server: &'static Server, access: Access) -> Self {
        Self {
            server,
            access,
            driver: RabbitmqDriver::new(),
            applications: server.applications(),
        }
    }

    /// An instance with its first binding.
    pub(crate) async fn made(&self) -> (InstanceSpec, BindingSpec) {
        let spec = spec();
        let provisioned = self.driver.provision(&self.access, &spec).await;
        provisioned.expect("provision");
        let binding = self.bound(&spec, 1).await;
        (spec, binding)
    }

    pub(crate) async fn bound(&self, spec: &InstanceSpec, generation: u32) -> BindingSpec {
        let binding = binding(generation);
        let bound = self.driver.bind(&self.access, spec, &binding).await;
        bound.expect("bind");
        binding
    }

    pub(crate) fn variables(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Vec<Variable> {
        self.driver.variables(&VariableRequest {
            prefix: Prefix::default_prefix(),
            instance: spec.instance,
            generation: binding.generation,
            password: binding.password.clone(),
            endpoint: self.applications.clone(),
            tls: self.access.tls,
            url_scheme: None,
            profile: None,
            media_host: None,
        })
    }

    /// An application's connection.
    pub(crate) async fn tenant(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Amqp {
        let variables = self.variables(spec, binding);
        let connected = Amqp::connect(parse(value(&variables, "BROKER_URL"))).await;
        connected.expect("a binding's URL gives a connection")
    }

    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        let destroyed = self.driver.destroy(&self.access, spec.instance).await;
        destroyed.expect("destroy");
        let traces = self.traces(spec.instance).await;
        assert!(traces.is_empty(), "{traces:?}");
    }
}

struct Connection {
    amqp: Amqp,
    server: &'static Server,
    user: String,
    password: String,
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.amqp.publish(key, value).await
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        self.amqp.peek(key).await
    }

    /// A connection is one virtual host's; what is left is the management API.
    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let (other, me) = (name(other), self.user.clone());
        let get = json!({ "count": 1, "ackmode": "ack_requeue_true", "encoding": "auto" });
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        let attempts = [
            (Method::POST, format!("queues/{other}/{key}/get"), get),
            (Method::GET, format!("queues/{other}"), Value::Null),
            (Method::PUT, format!("permissions/{other}/{me}"), all),
            (
                Method::PUT,
                format!("users/{other}-1"),
                json!({ "password": "taken", "tags": "" }),
            ),
            (
                Method::DELETE,
                format!("vhost-limits/{other}/max-connections"),
                Value::Null,
            ),
        ];
        for (method, path, body) in attempts {
            let credentials = (self.user.as_str(), self.password.as_str());
            let (status, answer) = self.server.ask(credentials, method, &path, body).await;
            if status.is_success() {
                return Ok(Some(format!("{path}: {answer}")));
            }
        }
        Ok(None)
    }

    async fn is_alive(&mut self) -> bool {
        self.amqp.is_alive().await
    }
}

#[async_trait]
impl Fixture for Rabbitmq {
    fn driver(&self) -> &dyn Driver {
        &self.driver
    }

    fn version(&self) -> &'static str {
        &WANTED.version
    }

    fn access(&self) -> Access {
        self.access.clone()
    }

    fn applications(&self) -> Endpoint {
        self.applications.clone()
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
        let uri = parse(value(variables, "DEFAULT_AMQP_BROKER_URL"));
        let (user, password) = (
            uri.authority.userinfo.username.clone(),
            uri.authority.userinfo.password.clone(),
        );
        Ok(Box::new(Connection {
            amqp: Amqp::connect(uri).await?,
            server: self.server,
            user,
            password,
        }))
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        let mut uri = parse(value(variables, "DEFAULT_AMQP_BROKER_URL"));
        uri.vhost = name(other);
        let (user, password) = (
            uri.authority.userinfo.username.clone(),
            uri.authority.userinfo.password.clone(),
        );
        Ok(Box::new(Connection {
            amqp: Amqp::connect(uri).await?,
            server: self.server,
            user,
            password,
        }))
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let name = name(instance);
        let mut traces = Vec::new();
        let users = self.server.look("users?columns=name,tags").await;
        let found = users.as_array().expect("a list").iter().filter(|user| {
            user["name"]
                .as_str()
                .is_some_and(|user| user.starts_with(&name))
        });
        traces.extend(found.map(|user| format!("user {user}")));
        for list in [
            "vhost-limits",
            "operator-policies",
            "permissions",
            "parameters",
            "policies",
        ] {
            let all = self.server.look(list).await;
            let found = all.as_array().expect("a list").iter();
            let found = found.filter(|one| one["vhost"] == name.as_str());
            traces.extend(found.map(|one| format!("{list} {one}")));
        }
        let vhost = self.server.look(&format!("vhosts/{name}")).await;
        if !vhost.is_null() {
            let (metadata, state) = (&vhost["metadata"], &vhost["cluster_state"]);
            traces.push(format!("virtual host {name} {metadata} {state}"));
        }
        traces.sort();
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        let body = json!({ "description": "somebody's own" });
        self.server.put(&format!("vhosts/{name}"), body).await;
        let body = json!({ "password": "their-own", "tags": "" });
        self.server.put(&format!("users/{name}-1"), body).await;
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        for path in [format!("vhosts/{name}"), format!("users/{name}-1")] {
            let (status, _) = self
                .server
                .administer(Method::DELETE, &path, Value::Null)
                .await;
            assert!(status.is_success(), "{path}: {status}");
        }
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(log.contains("[debug]"), "the server logs all it can");
        assert!(log.contains("svc-"), "the server logs what it is told");
        log
    }
}
