//! The driver and its server for the suite.

use async_trait::async_trait;
use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::opensearch::OpensearchDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

pub(crate) use crate::given::value;
use crate::server::{Server, VERSION};
use crate::specs;
pub(crate) use crate::specs::binding;
use crate::tenant::Tenant;

pub(crate) struct Opensearch {
    pub(crate) server: &'static Server,
    pub(crate) access: Access,
    pub(crate) driver: OpensearchDriver,
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(20)
}

/// What the names of an instance begin with.
pub(crate) fn name(instance: InstanceId) -> String {
    format!("svc-{}", short(instance))
}

impl Opensearch {
    pub(crate) fn new(server: &'static Server, access: Access) -> Self {
        Self {
            server,
            access,
            driver: OpensearchDriver::opensearch(),
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
            endpoint: self.access.endpoint.clone(),
            tls: self.access.tls,
            url_scheme: None,
            profile: None,
            media_host: None,
        })
    }

    /// An application.
    pub(crate) fn tenant(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Tenant {
        let user = format!("{}-{}", name(spec.instance), binding.generation);
        self.server.tenant(&user, binding.password.expose_secret())
    }

    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        let destroyed = self.driver.destroy(&self.access, spec.instance).await;
        destroyed.expect("destroy");
        let traces = self.traces(spec.instance).await;
        assert!(traces.is_empty(), "{traces:?}");
    }
}

struct Connection {
    tenant: Tenant,
    index: String,
}

impl Connection {
    /// As an application reads the variables: the URL, and the prefix of its indices.
    fn of(variables: &[Variable]) -> Self {
        let url = value(variables, "DEFAULT_ELASTICSEARCH_URL");
        let (credentials, server) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('@'))
            .expect("a URL with credentials");
        let (user, password) = credentials.split_once(':').expect("both");
        let prefix = value(variables, "DEFAULT_ELASTICSEARCH_INDEX_PREFIX");
        Self {
            tenant: Tenant::new(server.to_owned(), user, password),
            index: format!("{prefix}data"),
        }
    }

    async fn log_in(self) -> Result<Box<dyn Session>, String> {
        let (status, answer) = self.tenant.get("").await;
        if status == StatusCode::OK {
            return Ok(Box::new(self));
        }
        Err(format!("{status} {answer}"))
    }
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.tenant.write(&self.index, key, value).await
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        self.tenant.read(&self.index, key).await
    }

    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let (other, own) = (name(other), &self.index);
        for path in [
            format!("{other}-data/_doc/{key}"),
            format!("{other}-*/_search"),
            format!("{own},{other}-data/_search"),
            "svc-*/_search".to_owned(),
            "_all/_search".to_owned(),
            format!("{other}-data/_stats"),
            format!("_cat/indices/{other}-*"),
        ] {
            let (status, answer) = self.tenant.get(&path).await;
            if status.is_success() {
                return Ok(Some(format!("{path}: {answer}")));
            }
        }
        Ok(None)
    }

    /// Each request brings the password; what is to be ended is that the server remembers it.
    async fn is_alive(&mut self) -> bool {
        self.tenant.get("").await.0 == StatusCode::OK
    }
}

#[async_trait]
impl Fixture for Opensearch {
    /// Requests are short: there are no connections to be limited.
    fn traits(&self) -> Traits {
        Traits {
            connection_limit: false,
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
        Connection::of(variables).log_in().await
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        let mut connection = Connection::of(variables);
        connection.index = format!("{}-data", name(other));
        connection.read("key").await?;
        connection.log_in().await
    }

    /// What a tenant has made counts when nobody has it any more: with its role, it is the tenant's to change.
    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let (root, name) = (self.server.root(), name(instance));
        let mut traces = Vec::new();
        for list in ["roles", "rolesmapping", "internalusers"] {
            let path = format!("_plugins/_security/api/{list}");
            let all = root.done(Method::GET, &path, Value::Null).await;
            let found = all.as_object().expect("an object").iter();
            let found = found.filter(|(key, _)| key.starts_with(&name));
            traces.extend(found.map(|(key, one)| format!("{list} {key} {one}")));
        }
        if !traces.iter().any(|trace| trace.starts_with("roles ")) {
            let path = "_cat/indices?format=json&h=index&expand_wildcards=all";
            let all = root.done(Method::GET, path, Value::Null).await;
            let found = all.as_array().expect("a list").iter();
            let found = found.filter_map(|index| index["index"].as_str());
            traces.extend(
                found
                    .filter(|index| index.contains(&name))
                    .map(str::to_owned),
            );
        }
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        let api = "_plugins/_security/api";
        let role =
            json!({ "description": "somebody's own", "cluster_permissions": ["cluster_monitor"] });
        self.server.put(&format!("{api}/roles/{name}"), role).await;
        let user = json!({ "password": "Their-own-and-very-long-0123" });
        self.server
            .put(&format!("{api}/internalusers/{name}-1"), user)
            .await;
        let written = self
            .server
            .root()
            .write(&format!("{name}-theirs"), "key", "value")
            .await;
        written.expect("write");
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        let kept = self
            .server
            .root()
            .read(&format!("{name}-theirs"), "key")
            .await;
        assert_eq!(
            kept.expect("read").as_deref(),
            Some("value"),
            "it was left alone"
        );
        let api = "_plugins/_security/api";
        self.server.delete(&format!("{api}/roles/{name}")).await;
        self.server
            .delete(&format!("{api}/internalusers/{name}-1"))
            .await;
        self.server.delete(&format!("{name}-theirs")).await;
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(log.contains("[DEBUG]"), "the server logs more than usual");
        log
    }
}
