//! The driver and its server for the suite.

use async_trait::async_trait;
use http::Method;
use rusty_s3::{Bucket, Credentials, UrlStyle};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use windlass_model::id::{ClusterId, InstanceId, short};
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{Access, BindingSpec, Driver, InstanceSpec, Variable, VariableRequest};

pub(crate) use crate::given::value;
use crate::s3::{Connection, S3};
use crate::server::Server;
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Endpoint<'a> {
    pub(crate) server: &'a Server,
    pub(crate) access: Access,
    pub(crate) driver: S3EndpointDriver,
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(20)
}

pub(crate) fn name(instance: InstanceId) -> String {
    format!("svc-{}", short(instance))
}

/// The user that is the instance's mark, and what the names of its bindings' users begin with.
pub(crate) fn steward(instance: InstanceId) -> String {
    format!("windlass.{}", instance.to_string().replace('-', ""))
}

pub(crate) fn variables(
    driver: &dyn Driver,
    spec: &InstanceSpec,
    credential: &SecretString,
    profile: Option<Profile>,
) -> Vec<Variable> {
    driver.variables(&VariableRequest {
        media_host: None,
        prefix: Prefix::default_prefix(),
        instance: spec.instance,
        generation: 1,
        password: credential.clone(),
        endpoint: windlass_services::Endpoint {
            host: "not.looked.at".to_owned(),
            port: 1,
        },
        tls: windlass_services::Tls::Off,
        url_scheme: None,
        profile,
    })
}

impl<'a> Endpoint<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        // A cluster of its own, as another installation has it.
        let cluster = ClusterId::from(Uuid::now_v7());
        let administrator = server.administrator.clone();
        let access = Access {
            cluster,
            ..administrator
        };
        Self::by(server, access)
    }

    pub(crate) fn by(server: &'a Server, access: Access) -> Self {
        Self {
            server,
            access,
            driver: S3EndpointDriver::new(),
        }
    }

    pub(crate) async fn provisioned(&self) -> InstanceSpec {
        let spec = spec();
        let provisioned = self.driver.provision(&self.access, &spec).await;
        provisioned.expect("provision");
        spec
    }

    /// An instance with an application that has its first binding.
    pub(crate) async fn made(&self) -> (InstanceSpec, S3) {
        let spec = self.provisioned().await;
        let tenant = self.bound(&spec, &binding(1)).await;
        (spec, tenant)
    }

    pub(crate) async fn credential(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> SecretString {
        let bound = self.driver.bind(&self.access, spec, binding).await;
        bound.expect("bind").expect("a credential of its own")
    }

    /// What a new binding has.
    pub(crate) async fn bound(&self, spec: &InstanceSpec, binding: &BindingSpec) -> S3 {
        let credential = self.credential(spec, binding).await;
        S3::of(&variables(&self.driver, spec, &credential, None))
    }

    /// S3 with the operator's own key.
    pub(crate) fn operator(&self, bucket: &str) -> S3 {
        let endpoint = self.server.storage.parse().expect("a URL");
        let region = "us-east-1";
        let bucket = Bucket::new(endpoint, UrlStyle::Path, bucket.to_owned(), region);
        let access = &self.server.administrator;
        S3 {
            bucket: bucket.expect("a bucket"),
            credentials: Credentials::new(&*access.user, access.password.expose_secret()),
        }
    }

    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        let destroyed = self.driver.destroy(&self.access, spec.instance).await;
        destroyed.expect("destroy");
        let traces = self.traces(spec.instance).await;
        assert!(traces.is_empty(), "{traces:?}");
    }
}

#[async_trait]
impl Fixture for Endpoint<'_> {
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
        let nowhere = "http://127.0.0.1:9";
        self.server.access_by(nowhere, nowhere)
    }

    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        // Of a binding that was refused nobody has a credential.
        if value(variables, "DEFAULT_STORAGE_ENDPOINT_URL").is_empty() {
            return Err("no credential".to_owned());
        }
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
        let mut traces = self.server.users(&steward(instance));
        let bucket = name(instance);
        if self.server.has_bucket(&bucket) {
            let operator = self.operator(&bucket);
            let tags = operator.bucket_request(Method::GET, "tagging", "").await;
            let (_, tags) = tags.body.split_once("<TagSet>").unwrap_or_default();
            // In whatever order they are told.
            let mut tags: Vec<_> = tags
                .split("<Tag>")
                .map(|tag| tag.split("</Tag>").next())
                .collect();
            tags.sort_unstable();
            traces.push(format!("{bucket} {tags:?}"));
        }
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let bucket = self.operator(&name(instance));
        let made = bucket.bucket_request(Method::PUT, "", "").await;
        assert!(made.status.is_success(), "{made:?}");
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let bucket = self.operator(&name(instance));
        let gone = bucket.bucket_request(Method::DELETE, "", "").await;
        assert!(gone.status.is_success(), "{gone:?}");
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(!log.is_empty(), "it writes one");
        log
    }
}
