//! MariaDB as the conformance suite sees it, and shorthands for the other tests.

use std::str::FromStr;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use windlass_model::id::{InstanceId, short};
use windlass_model::names::Prefix;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_services::conformance::{Fixture, Session, Traits};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, InstanceSpec, Variable, VariableRequest,
};

use crate::server::{Server, WANTED, connect, run, texts};
use crate::specs;
pub(crate) use crate::specs::binding;

pub(crate) struct Mysql {
    pub(crate) server: &'static Server,
    pub(crate) driver: MysqlDriver,
    pub(crate) access: Access,
}

impl Mysql {
    pub(crate) fn new(server: &'static Server, access: Access) -> Self {
        Self {
            server,
            driver: crate::server::driver(),
            access,
        }
    }

    /// An administrator with no right but those that are needed, on a prepared server.
    pub(crate) async fn prepared() -> Self {
        let server = crate::server::shared().await;
        let fixture = Self::new(server, server.least_privileged().await);
        fixture
            .driver
            .prepare(&fixture.access)
            .await
            .expect("prepare");
        fixture
    }

    /// An instance with a binding.
    pub(crate) async fn made(&self) -> (InstanceSpec, BindingSpec) {
        let spec = spec();
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

    pub(crate) async fn unbind(&self, spec: &InstanceSpec, generation: u32) {
        self.driver
            .unbind(&self.access, spec.instance, generation)
            .await
            .expect("unbind");
    }

    /// The tenant's own connection.
    pub(crate) async fn tenant(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> MySqlConnection {
        let connecting = self.try_tenant(spec, binding).await;
        connecting.expect("the tenant can connect")
    }

    pub(crate) async fn try_tenant(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<MySqlConnection, sqlx::Error> {
        connect(&dsn(&self.variables(spec, binding))).await
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
pub(crate) fn dsn(variables: &[Variable]) -> MySqlConnectOptions {
    let url = variables
        .iter()
        .find(|variable| variable.name.as_str() == "DATABASE_URL")
        .expect("DATABASE_URL");
    MySqlConnectOptions::from_str(url.value.expose_secret()).expect("the URL is understood")
}

struct Connection(MySqlConnection);

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let statements = [
            "CREATE TABLE IF NOT EXISTS kept (`key` VARCHAR(100) PRIMARY KEY, value TEXT NOT NULL)"
                .to_owned(),
            // Who may do this may do all with it.
            "ALTER TABLE kept COMMENT = 'kept'".to_owned(),
            format!("REPLACE INTO kept VALUES ('{key}', '{value}')"),
        ];
        for sql in statements {
            run(&mut self.0, &sql).await?;
        }
        Ok(())
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let sql = format!("SELECT value FROM kept WHERE `key` = '{key}'");
        Ok(texts(&mut self.0, &sql).await?.pop())
    }

    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let other = short(other);
        let takeovers = [
            format!("USE svc_{other}"),
            "USE svc_windlass".to_owned(),
            "USE mysql".to_owned(),
            format!("GRANT ALL ON svc_{other}.* TO CURRENT_USER()"),
            format!("ALTER USER svc_{other}_1@'%' IDENTIFIED BY 'taken'"),
            format!("DROP USER svc_{other}_1@'%'"),
            format!("DROP DATABASE svc_{other}"),
            "CREATE USER own@'%'".to_owned(),
            "CREATE DATABASE svcX".to_owned(),
            format!(
                "CREATE DEFINER = svc_{other}_1@'%' VIEW taken AS SELECT * FROM svc_{other}.kept"
            ),
            "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/taken'".to_owned(),
            "SET GLOBAL read_only = 1".to_owned(),
        ];
        for takeover in takeovers {
            if run(&mut self.0, &takeover).await.is_ok() {
                return Ok(Some(takeover));
            }
        }
        let seen = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA";
        let seen = texts(&mut self.0, seen).await?;
        if let Some(seen) = seen.iter().find(|name| name.contains(&other)) {
            return Ok(Some(seen.clone()));
        }
        let sql = format!("SELECT value FROM svc_{other}.kept WHERE `key` = '{key}'");
        Ok(texts(&mut self.0, &sql).await?.pop())
    }

    async fn is_alive(&mut self) -> bool {
        run(&mut self.0, "SELECT 1").await.is_ok()
    }
}

#[async_trait]
impl Fixture for Mysql {
    fn traits(&self) -> Traits {
        // The servers limit the connections of users, not of databases.
        Traits {
            connection_limit: false,
            connection_limit_per_binding: true,
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
        let connection = connect(&dsn(variables))
            .await
            .map_err(|error| error.to_string())?;
        Ok(Box::new(Connection(connection)))
    }

    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        let options = dsn(variables).database(&format!("svc_{}", short(other)));
        let connection = connect(&options).await.map_err(|error| error.to_string())?;
        Ok(Box::new(Connection(connection)))
    }

    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let name = format!("svc_{}", short(instance));
        let start = format!("LEFT(name, {}) = '{name}'", name.len());
        let ledger =
            "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'svc_windlass'";
        let has_ledger = self.server.texts(ledger).await != ["0"];
        let (comment, users) = match WANTED.kind.as_str() {
            // Databases have no comment, users are the columns of a table, and a password's hash is another each time.
            "mysql" => (
                "''",
                "SELECT User name, Host, CONCAT_WS(' ', plugin, authentication_string <> '', account_locked, max_user_connections)
                   Priv FROM mysql.user",
            ),
            _ => (
                "SCHEMA_COMMENT",
                "SELECT User name, Host, JSON_NORMALIZE(JSON_REMOVE(Priv, '$.password_last_changed')) Priv
                   FROM mysql.global_priv",
            ),
        };
        let mut sql = format!(
            "SELECT * FROM (
               SELECT CONCAT_WS(' ', 'database', name, set_name, collation_name, comment) FROM
                 (SELECT SCHEMA_NAME name, DEFAULT_CHARACTER_SET_NAME set_name,
                         DEFAULT_COLLATION_NAME collation_name, {comment} comment
                    FROM information_schema.SCHEMATA) s WHERE {start}
               UNION ALL
               SELECT CONCAT_WS(' ', 'user', name, Host, Priv) FROM ({users}) u WHERE {start}
               UNION ALL
               SELECT CONCAT_WS(' ', 'right', name, Db, Host, Drop_priv, Trigger_priv) FROM
                 (SELECT User name, mysql.db.* FROM mysql.db) d WHERE {start}"
        );
        if has_ledger {
            sql = format!(
                "{sql}
               UNION ALL
               SELECT CONCAT_WS(' ', 'row', name, instance, connection_limit, comment)
                 FROM svc_windlass.instances WHERE {start}
               UNION ALL
               SELECT CONCAT_WS(' ', 'row', name, instance, binding, revoked)
                 FROM svc_windlass.bindings WHERE {start}"
            );
        }
        self.server.texts(&format!("{sql}) t ORDER BY 1")).await
    }

    async fn make_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        self.server
            .run(&[
                format!("CREATE DATABASE {name}"),
                format!("CREATE USER {name}_1@'%'"),
            ])
            .await;
    }

    async fn remove_foreign(&self, instance: InstanceId) {
        let name = format!("svc_{}", short(instance));
        self.server
            .run(&[
                format!("DROP DATABASE {name}"),
                format!("DROP USER {name}_1@'%'"),
            ])
            .await;
    }

    async fn server_log(&self) -> String {
        let log = self.server.log();
        assert!(
            log.contains("CREATE USER 'svc_"),
            "the server logs every statement"
        );
        log
    }
}
