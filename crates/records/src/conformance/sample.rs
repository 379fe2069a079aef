//! Rows to test with.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;
use windlass_model::id::{EnvironmentId, InstanceId, SecretId};
use windlass_model::instance::InstanceState;
use windlass_model::time::Timestamp;
use windlass_operations::{NewOperation, StepRecord, Subject};

use crate::{
    Application, Binding, BindingState, Change, Cluster, ClusterKind, ClusterState, Deployment,
    DeploymentStatus, Environment, Instance, NewSecret, Organisation, Region, Release, Service,
    Store, Variable,
};

/// The time at which everything happens.
pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A new id.
pub fn id<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

/// A store with an organisation, a region, a database and a storage service, and the application `shop`
/// with the environments `test` and `live`.
pub struct Sample {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The organisation.
    pub organisation: Organisation,
    /// The region.
    pub region: Region,
    /// A service of kind `DATABASE`.
    pub database: Service,
    /// A service of kind `STORAGE`.
    pub storage: Service,
    /// The application.
    pub shop: Application,
    /// Its first environment, with subnet 0.
    pub test: Environment,
    /// Its second environment, with subnet 1.
    pub live: Environment,
}

impl Sample {
    /// Fills a new store.
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let organisation = Organisation {
            id: id(),
            name: "Example".into(),
            created_at: NOW,
        };
        let region = Region {
            id: id(),
            slug: "local".parse().expect("a good name"),
            name: "This machine".into(),
            engine: "docker".into(),
            domain: "localhost".into(),
            created_at: NOW,
        };
        let database = service(&region, "postgres-15", "DATABASE");
        let storage = service(&region, "garage", "STORAGE");
        let shop = application(&organisation, &region, "shop");
        let (test, key_of_test) = environment(&shop, "test", 0, 0);
        let (live, key_of_live) = environment(&shop, "live", 1, 1);
        let sample = Self {
            store,
            organisation,
            region,
            database,
            storage,
            shop,
            test,
            live,
        };
        sample
            .commit([
                Change::InsertOrganisation(sample.organisation.clone()),
                Change::PutRegion(sample.region.clone()),
                Change::PutService(sample.database.clone()),
                Change::PutService(sample.storage.clone()),
                Change::InsertApplication(sample.shop.clone()),
                Change::InsertSecret(key_of_test),
                Change::InsertEnvironment(sample.test.clone()),
                Change::InsertSecret(key_of_live),
                Change::InsertEnvironment(sample.live.clone()),
            ])
            .await;
        sample
    }

    /// Commits changes that apply.
    pub async fn commit<const N: usize>(&self, changes: [Change; N]) {
        self.store
            .commit(changes.to_vec())
            .await
            .expect("the changes apply");
    }

    /// An instance of a service, `NEW`, not in the store yet.
    pub fn instance(&self, environment: &Environment, service: &Service, prefix: &str) -> Instance {
        Instance {
            id: id(),
            environment: environment.id,
            service: service.id,
            kind: service.kind.clone(),
            prefix: prefix.parse().expect("a good prefix"),
            url_scheme: None,
            profile: None,
            given_url: None,
            public: false,
            media_domain: None,
            state: InstanceState::New,
            state_before_removal: None,
            cluster: None,
            generation: 0,
            last_error: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    /// An instance that is in the store.
    pub async fn stored_instance(
        &self,
        environment: &Environment,
        service: &Service,
        prefix: &str,
    ) -> Instance {
        let instance = self.instance(environment, service, prefix);
        self.commit([Change::InsertInstance(instance.clone())])
            .await;
        instance
    }

    /// A cluster that is `NEW`, and its administrator's password.
    pub fn cluster(
        &self,
        kind: ClusterKind,
        instance: Option<InstanceId>,
        subnet: Option<u32>,
    ) -> (Cluster, NewSecret) {
        let password = secret("administrator");
        let cluster = Cluster {
            id: id(),
            region: self.region.id,
            service: self.database.id,
            kind,
            instance,
            host: None,
            port: None,
            administration_port: None,
            settings: None,
            administrator: "postgres".into(),
            password: password.id,
            database: None,
            subnet,
            state: ClusterState::New,
            created_at: NOW,
        };
        (cluster, password)
    }

    /// A deployment that waits, number 1.
    pub fn deployment(&self, environment: &Environment, instances: Vec<InstanceId>) -> Deployment {
        Deployment {
            id: id(),
            environment: environment.id,
            operation: id(),
            number: 1,
            release: id(),
            snapshot: json!({"branch": "main"}),
            instances,
            status: DeploymentStatus::Queued,
            failed_step: None,
            error: None,
            hint: None,
            commit: None,
            actor: "someone@example.org".into(),
            started_at: NOW,
            ended_at: None,
        }
    }

    /// The release of a deployment, without variables and bindings.
    pub fn release(&self, deployment: &Deployment) -> Release {
        Release {
            id: deployment.release,
            environment: deployment.environment,
            number: 0,
            deployment: deployment.id,
            image: "sha256:0123".into(),
            commit: Some("abc".into()),
            processes: vec![crate::Process {
                name: "web".parse().expect("a good name"),
                command: None,
                count: 1,
                port: Some(8000),
                health_path: "/".into(),
            }],
            variables: Vec::new(),
            bindings: Vec::new(),
            hosts: vec!["shop-test.localhost".into()],
            rollback_of: None,
            created_at: NOW,
        }
    }
}

/// A service of that kind.
pub fn service(region: &Region, identifier: &str, kind: &str) -> Service {
    Service {
        id: id(),
        region: region.id,
        identifier: identifier.into(),
        name: identifier.into(),
        description: String::new(),
        driver: "postgres".into(),
        kind: kind.into(),
        version: "15".into(),
        plan: "shared".into(),
        image: None,
        shared: true,
        memory_bytes: 1 << 30,
        storage_bytes: Some(1 << 33),
        cpu_millis: 1000,
        connection_limit: 60,
        rank: 0,
        offered: true,
    }
}

/// An application of that name.
pub fn application(organisation: &Organisation, region: &Region, slug: &str) -> Application {
    Application {
        id: id(),
        organisation: organisation.id,
        slug: slug.parse().expect("a good name"),
        name: slug.into(),
        region: region.id,
        repository: None,
        release_commands: Vec::new(),
        removing: false,
        created_at: NOW,
    }
}

/// An environment, and its `SECRET_KEY`.
pub fn environment(
    application: &Application,
    slug: &str,
    position: i64,
    subnet: u32,
) -> (Environment, NewSecret) {
    let key = secret("key");
    let environment = Environment {
        id: id(),
        application: application.id,
        slug: slug.parse().expect("a good name"),
        position,
        branch: "main".parse().expect("a good name"),
        subnet,
        secret_key: key.id,
        running_release: None,
        created_at: NOW,
    };
    (environment, key)
}

/// A secret to be kept.
pub fn secret(value: &str) -> NewSecret {
    NewSecret {
        id: id(),
        value: SecretString::from(value),
        created_at: NOW,
    }
}

/// A binding that waits for its user.
pub fn binding(instance: InstanceId, generation: u32, password: SecretId) -> Binding {
    Binding {
        grace_ends_at: None,
        id: id(),
        instance,
        generation,
        password,
        state: BindingState::Pending,
        operation: id(),
        created_at: NOW,
    }
}

/// A variable in its first version.
pub fn variable(environment: EnvironmentId, name: &str, value: SecretId) -> Variable {
    Variable {
        id: id(),
        environment,
        name: name.parse().expect("a good name"),
        value,
        is_sensitive: false,
        overrides: false,
        version: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// The end of a deployment.
pub fn finish(deployment: &Deployment, status: DeploymentStatus) -> Change {
    Change::FinishDeployment {
        id: deployment.id,
        status,
        failed_step: None,
        error: None,
        hint: None,
        at: NOW,
    }
}

/// An operation of two steps, `first` and then `second`, the pivot.
pub fn operation(subject: &str) -> NewOperation {
    NewOperation {
        id: id(),
        tenant: "tenant".into(),
        kind: "deployment".into(),
        kind_version: 1,
        subject: Subject {
            kind: "environment".into(),
            id: subject.into(),
        },
        params: json!({"a": 1}),
        actor: "someone@example.org".into(),
        request_id: "request".into(),
        parent: None,
        idempotency: None,
        steps: vec![
            StepRecord::todo("first", false),
            StepRecord::todo("second", true),
        ],
        created_at: NOW,
    }
}
