//! The driver and its server for the suite.

use async_trait::async_trait;
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde_json::json;
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::azure::AzureDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

use crate::blobs::{Answer, Blobs, owner};
pub(crate) use crate::given::value;
use crate::server::{ACCOUNT, Server};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Azure {
    pub(crate) access: Access,
    pub(crate) driver: AzureDriver,
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(20)
}

pub(crate) fn name(instance: InstanceId) -> String {
    format!("svc-{}", short(instance))
}

pub(crate) fn variables(
    driver: &AzureDriver,
    spec: &InstanceSpec,
    credential: &SecretString,
) -> Vec<Variable> {
    driver.variables(&VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: spec.instance,
        generation: 1,
        password: credential.clone(),
        endpoint: Endpoint {
            host: "not.looked.at".to_owned(),
            port: 1,
        },
        tls: windlass_services::Tls::Off,
        url_scheme: None,
        profile: None,
        media_host: None,
    })
}

impl Azure {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            access: server.administrator.clone(),
            driver: AzureDriver::new(),
        }
    }

    pub(crate) async fn provisioned(&self) -> InstanceSpec {
        let spec = spec();
        let provisioned = self.driver.provision(&self.access, &spec).await;
        provisioned.expect("provision");
        spec
    }

    /// An instance with an application that has its first binding.
    pub(crate) async fn made(&self) -> (InstanceSpec, Blobs) {
        let spec = self.provisioned().await;
        let tenant = self.bound(&spec, 1).await;
        (spec, tenant)
    }

    /// What a new binding has.
    pub(crate) async fn bound(&self, spec: &InstanceSpec, generation: u32) -> Blobs {
        self.bound_as(spec, &binding(generation)).await
    }

    pub(crate) async fn bound_as(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Blobs {
        let bound = self.driver.bind(&self.access, spec, binding).await;
        let credential = bound.expect("bind").expect("a credential of its own");
        Blobs::of(&variables(&self.driver, spec, &credential))
    }

    /// A request of the account's owner to the instance's container.
    pub(crate) async fn owner(
        &self,
        method: Method,
        instance: InstanceId,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        owner(&self.access, method, &name(instance), query, headers, body).await
    }

    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        let destroyed = self.driver.destroy(&self.access, spec.instance).await;
        destroyed.expect("destroy");
        let traces = self.traces(spec.instance).await;
        assert!(traces.is_empty(), "{traces:?}");
    }
}

/// There is no connection: each request is signed by itself.
struct Connection(Blobs);

impl Connection {
    async fn open(blobs: Blobs) -> Result<Box<dyn Session>, String> {
        // A password that is no signature gives nobody to ask.
        if blobs.endpoint.is_empty() {
            return Err("no endpoint".to_owned());
        }
        let answer = blobs.list().await;
        if !answer.status.is_success() {
            return Err(format!("{answer:?}"));
        }
        Ok(Box::new(Self(blobs)))
    }
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let answer = self.0.put(key, value).await;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let answer = self.0.get(key).await;
        match answer.status {
            StatusCode::NOT_FOUND if answer.body.contains("BlobNotFound") => Ok(None),
            status if status.is_success() => Ok(Some(answer.body)),
            _ => Err(format!("{answer:?}")),
        }
    }

    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let there = self.0.on(&name(other));
        let copy = self.0.copy(&there, key).await;
        for answer in [there.get(key).await, there.list().await, copy] {
            if answer.status.is_success() {
                return Ok(Some(answer.body));
            }
        }
        Ok(None)
    }

    async fn is_alive(&mut self) -> bool {
        self.0.list().await.status.is_success()
    }
}

#[async_trait]
impl Fixture for Azure {
    /// Without connections, there is no limit of them and there are no sessions.
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
        "1"
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
            settings: Some(json!({ "url": format!("http://127.0.0.1:9/{ACCOUNT}") })),
            ..self.access.clone()
        }
    }

    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        Connection::open(Blobs::of(variables)).await
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        Connection::open(Blobs::of(variables).on(&name(other))).await
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let kind = ("restype", "container");
        let found = self.owner(Method::GET, instance, &[kind], &[], "").await;
        if found.status == StatusCode::NOT_FOUND {
            return Vec::new();
        }
        assert!(found.status.is_success(), "{found:?}");
        let mut traces = vec![name(instance)];
        for (name, value) in &found.headers {
            if name.as_str().starts_with("x-ms-meta-") || name.as_str().starts_with("x-ms-lease-") {
                traces.push(format!("{name}: {value:?}"));
            }
        }
        let policies = [("comp", "acl"), kind];
        let found = self.owner(Method::GET, instance, &policies, &[], "").await;
        traces.push(found.body);
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let kind = [("restype", "container")];
        let mark = [("x-ms-meta-owner", "somebody")];
        let made = self.owner(Method::PUT, instance, &kind, &mark, "").await;
        assert!(made.status.is_success(), "{made:?}");
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let kind = [("restype", "container")];
        let gone = self.owner(Method::DELETE, instance, &kind, &[], "").await;
        assert!(gone.status.is_success(), "{gone:?}");
    }

    /// Where the service keeps its log no administrator sees it.
    async fn server_log(&self) -> String {
        String::new()
    }
}
