//! The driver and its server for the suite.

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;
use windlass_service_drivers::garage::GarageDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

pub(crate) use crate::given::value;
use crate::s3::{Connection, S3};
use crate::server::{Server, VERSION};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Garage {
    pub(crate) server: &'static Server,
    pub(crate) access: Access,
    pub(crate) driver: GarageDriver,
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(20)
}

pub(crate) fn name(instance: InstanceId) -> String {
    format!("svc-{}", short(instance))
}

impl Garage {
    pub(crate) fn new(server: &'static Server, access: Access) -> Self {
        Self {
            server,
            access,
            driver: GarageDriver::new(),
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
        self.variables_for(spec, binding, None)
    }

    pub(crate) fn variables_for(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
        profile: Option<Profile>,
    ) -> Vec<Variable> {
        self.driver.variables(&VariableRequest {
            prefix: Prefix::default_prefix(),
            instance: spec.instance,
            generation: binding.generation,
            password: binding.password.clone(),
            endpoint: self.server.applications(),
            tls: self.access.tls,
            url_scheme: None,
            profile,
            media_host: None,
        })
    }

    /// An application.
    pub(crate) fn tenant(&self, spec: &InstanceSpec, binding: &BindingSpec) -> S3 {
        S3::of(&self.variables(spec, binding))
    }

    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        let destroyed = self.driver.destroy(&self.access, spec.instance).await;
        destroyed.expect("destroy");
        let traces = self.traces(spec.instance).await;
        assert!(traces.is_empty(), "{traces:?}");
    }
}

#[async_trait]
impl Fixture for Garage {
    /// Without connections, there is no limit of them.
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

    fn applications(&self) -> Endpoint {
        self.server.applications()
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
        Connection::open(S3::of(variables)).await
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        Connection::open(S3::of(variables).on(&name(other))).await
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let mut traces = Vec::new();
        for part in [instance.to_string(), name(instance)] {
            let keys = self.server.keys(&part).await;
            traces.extend(keys.iter().map(|key| {
                let (id, name) = (&key["id"], &key["name"]);
                format!("key {id} {name}")
            }));
        }
        let mut bucket = self.server.bucket(&name(instance)).await;
        if !bucket.is_null() {
            // What a tenant wrote is no trace of the driver's calls.
            for counter in ["objects", "bytes"] {
                bucket[counter] = Value::Null;
            }
            traces.push(format!("bucket {bucket}"));
        }
        traces.sort();
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        self.server
            .post("CreateBucket", json!({ "globalAlias": name }))
            .await;
        let key = json!({ "name": format!("{name}-1") });
        self.server.post("CreateKey", key).await;
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = name(instance);
        let bucket = self.server.bucket(&name).await;
        let id = bucket["id"].as_str().expect("it is there");
        self.server
            .post(&format!("DeleteBucket?id={id}"), Value::Null)
            .await;
        for key in self.server.keys(&name).await {
            let id = key["id"].as_str().expect("an id");
            let (status, _) = self
                .server
                .ask(Method::POST, &format!("DeleteKey?id={id}"), Value::Null)
                .await;
            assert!(status.is_success(), "{status}");
        }
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(log.contains("svc-"), "the server logs what it is told");
        log
    }
}
