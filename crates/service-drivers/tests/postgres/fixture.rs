//! PostgreSQL as the conformance suite sees it, and shorthands for the other tests.

use std::str::FromStr;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio_postgres::{Client, Config};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_services::conformance::{Fixture, Session};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Tools, Variable, VariableRequest,
};

use crate::server::{Server, WANTED, connect};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Postgres {
    pub(crate) server: &'static Server,
    pub(crate) driver: PostgresDriver,
    pub(crate) access: Access,
}

impl Postgres {
    pub(crate) fn new(server: &'static Server, access: Access) -> Self {
        Self {
            server,
            driver: PostgresDriver::new(),
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
    pub(crate) async fn tenant(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Client {
        let dsn = dsn(&self.variables(spec, binding));
        connect(&dsn).await.expect("the tenant can connect")
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
            endpoint: self.access.endpoint.clone(),
            tls: self.access.tls,
            url_scheme: None,
            profile,
            media_host: None,
        })
    }

    /// Destroys the instance and sees to it that nothing is left.
    pub(crate) async fn destroy(&self, spec: &InstanceSpec) {
        self.driver
            .destroy(&self.access, spec.instance)
            .await
            .expect("destroy");
        assert_eq!(self.traces(spec.instance).await, Vec::<String>::new());
    }
}

pub(crate) fn spec() -> InstanceSpec {
    specs::spec(10)
}

pub(crate) fn name(spec: &InstanceSpec) -> String {
    format!("svc_{}", short(spec.instance))
}

/// The connection that an application makes of its `DATABASE_URL`.
pub(crate) fn dsn(variables: &[Variable]) -> Config {
    let url = variables
        .iter()
        .find(|variable| variable.name.as_str() == "DATABASE_URL")
        .expect("DATABASE_URL");
    Config::from_str(url.value.expose_secret()).expect("the URL is a connection string")
}

struct Connection(Client);

fn words(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let table = "CREATE TABLE IF NOT EXISTS kept (key text PRIMARY KEY, value text NOT NULL);
                     -- Only its owner may do this.
                     COMMENT ON TABLE kept IS 'kept'";
        let row = "INSERT INTO kept VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2";
        self.0
            .batch_execute(table)
            .await
            .map_err(|error| words(&error))?;
        self.0
            .execute(row, &[&key, &value])
            .await
            .map_err(|error| words(&error))?;
        Ok(())
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let row = self
            .0
            .query_opt("SELECT value FROM kept WHERE key = $1", &[&key])
            .await;
        Ok(row.map_err(|error| words(&error))?.map(|row| row.get(0)))
    }

    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let (me, other) = (
            self.0.query_one("SELECT session_user::text", &[]).await,
            short(other),
        );
        let me: String = me.map_err(|error| words(&error))?.get(0);
        let takeovers = [
            format!("SET ROLE svc_{other}"),
            format!("RESET ROLE; SET ROLE svc_{other}"),
            format!("RESET ROLE; GRANT svc_{other} TO {me}"),
            format!("RESET ROLE; ALTER ROLE svc_{other}_1 PASSWORD 'taken'"),
            format!("GRANT CONNECT ON DATABASE svc_{other} TO {me}"),
            format!("ALTER DATABASE svc_{other} ALLOW_CONNECTIONS false"),
            "CREATE EXTENSION dblink".to_owned(),
        ];
        for takeover in takeovers {
            if self.0.batch_execute(&takeover).await.is_ok() {
                // A grant without the right to it is a warning only, so what counts is what came of it.
                let sql = "SELECT pg_has_role(session_user, $1, 'MEMBER')
                               OR has_database_privilege(session_user, $1, 'CONNECT')";
                let row = self.0.query_one(sql, &[&format!("svc_{other}")]).await;
                let taken: bool = row.map_err(|error| words(&error))?.get(0);
                if taken || !takeover.contains("GRANT") {
                    return Ok(Some(takeover));
                }
            }
        }
        let sql = format!("SELECT value FROM svc_{other}.public.kept WHERE key = $1");
        let row = self
            .0
            .query_opt(&sql, &[&key])
            .await
            .map_err(|error| words(&error))?;
        Ok(row.map(|row| row.get(0)))
    }

    async fn is_alive(&mut self) -> bool {
        self.0.query_one("SELECT 1", &[]).await.is_ok()
    }
}

#[async_trait]
impl Fixture for Postgres {
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

    fn tools(&self) -> &dyn Tools {
        &self.server.tools
    }

    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        let client = connect(&dsn(variables))
            .await
            .map_err(|error| words(&error))?;
        Ok(Box::new(Connection(client)))
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        let mut config = dsn(variables);
        config.dbname(format!("svc_{}", short(other)));
        let client = connect(&config).await.map_err(|error| words(&error))?;
        Ok(Box::new(Connection(client)))
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let like = format!("svc\\_{}%", short(instance));
        let sql = "SELECT concat_ws(' ', 'role', rolname, rolcanlogin, rolconfig, rolconnlimit,
                          -- A restore is remembered, and changes nothing else.
                          regexp_replace(shobj_description(oid, 'pg_authid'), ' restored [-0-9a-f]{36}:', ':'),
                          (SELECT array_agg(roleid::regrole ORDER BY 1) FROM pg_auth_members m
                            WHERE member = r.oid)) AS trace
                     FROM pg_roles r WHERE rolname LIKE $1
                   UNION ALL
                   SELECT concat_ws(' ', 'database', datname, datdba::regrole, datallowconn, datconnlimit, datacl,
                          datistemplate, shobj_description(oid, 'pg_database'))
                     FROM pg_database WHERE datname LIKE $1
                   ORDER BY 1";
        let client = self.server.connect("postgres").await;
        let rows = client
            .query(sql, &[&like])
            .await
            .expect("the catalogues can be read");
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        let sql = format!(
            "CREATE ROLE {name}; COMMENT ON ROLE {name} IS 'somebody''s own'; CREATE ROLE {name}_1 LOGIN"
        );
        self.server.run(&sql).await;
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        self.server
            .run(&format!("DROP ROLE {name}, {name}_1"))
            .await;
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(
            log.contains("ALTER ROLE \"svc_"),
            "the server logs every statement"
        );
        log
    }
}
