//! FerretDB as the conformance suite sees it, and shorthands for the other tests.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

use crate::client::Client;
use crate::server::Server;
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Ferretdb {
    pub(crate) server: Server,
    pub(crate) driver: MongodbDriver,
    pub(crate) access: Access,
}

impl Ferretdb {
    pub(crate) async fn start() -> Self {
        Self::of(Server::start().await)
    }

    pub(crate) fn of(server: Server) -> Self {
        let access = server.superuser.clone();
        Self {
            server,
            driver: MongodbDriver::ferretdb(),
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
    pub(crate) fn tenant(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Client {
        let opened = self.try_tenant(spec, binding);
        opened.expect("the tenant can connect")
    }

    pub(crate) fn try_tenant(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Client, String> {
        let variables = self.variables(spec, binding);
        self.server.python.open(&value(&variables, "MONGODB_URI"))
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

/// The name of the instance's database.
pub(crate) fn database(spec: &InstanceSpec) -> String {
    format!("svc_{}", short(spec.instance))
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

/// Writes a value as applications do.
pub(crate) fn write(client: &Client, database: &str, key: &str, value: &str) -> Result<(), String> {
    let update = json!(["update", "values", { "updates": [
        { "q": { "_id": key }, "u": { "_id": key, "value": value }, "upsert": true },
    ] }]);
    client.run(database, &update).map(drop)
}

/// Reads one.
pub(crate) fn read(client: &Client, database: &str, key: &str) -> Result<Option<String>, String> {
    let found = client.run(
        database,
        &json!(["find", "values", { "filter": { "_id": key } }]),
    )?;
    let value = &found["cursor"]["firstBatch"][0]["value"];
    Ok(value.as_str().map(str::to_owned))
}

struct Connection {
    client: Client,
    database: String,
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        write(&self.client, &self.database, key, value)
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        read(&self.client, &self.database, key)
    }

    async fn try_read_other(
        &mut self,
        _other: InstanceId,
        _key: &str,
    ) -> Result<Option<String>, String> {
        unreachable!("a server has one instance")
    }

    async fn is_alive(&mut self) -> bool {
        read(&self.client, &self.database, "any").is_ok()
    }
}

#[async_trait]
impl Fixture for Ferretdb {
    fn traits(&self) -> Traits {
        Traits {
            shared: false,
            connection_limit: false,
            ends_sessions: false,
            sessions: false,
            ..Traits::ALL
        }
    }

    fn driver(&self) -> &dyn Driver {
        &self.driver
    }

    fn version(&self) -> &'static str {
        crate::server::VERSION
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
        let client = self.server.python.open(&value(variables, "MONGODB_URI"))?;
        let database = value(variables, "DEFAULT_MONGODB_NAME");
        Ok(Box::new(Connection { client, database }))
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
        let administrator = self.server.administrator();
        let run = |command: Value| administrator.run("admin", &command).expect("it may");
        let users = run(json!(["usersInfo", { "forAllDBs": true }]));
        let databases = run(json!(["listDatabases", 1, { "nameOnly": true }]));
        let all = [&users["users"], &databases["databases"]].map(|list| list.as_array().cloned());
        let mut traces: Vec<String> = all
            .into_iter()
            .flat_map(|list| list.expect("a list"))
            .map(|mut found| {
                found["userId"].take();
                found.to_string()
            })
            .collect();
        traces.retain(|found| found.contains(&name));
        // Beside it there are others while it is in use.
        let file = format!("state/{name}.sqlite");
        if self.server.files().contains(&format!("{file}\0")) {
            traces.push(file);
        }
        traces.sort();
        traces
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        for user in [&name, &format!("{name}_1")] {
            let create = json!(["createUser", user, { "pwd": "own", "roles": [] }]);
            self.server.run(&name, &create);
        }
        self.server.run(&name, &json!(["create", "own"]));
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        for command in ["dropDatabase", "dropAllUsersFromDatabase"] {
            self.server.run(&name, &json!([command, 1]));
        }
    }

    async fn server_log(&self) -> String {
        let log = self.server.container.log();
        assert!(log.contains("DEBUG"), "the server's log says all");
        assert!(self.server.files().contains("SCRAM-SHA-256"), "the data");
        log + &self.server.files()
    }
}
