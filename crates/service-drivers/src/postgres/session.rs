//! A connection of the administrator.

use secrecy::ExposeSecret;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_util::task::AbortOnDropHandle;
use windlass_services::{Access, Error, Tls};

use super::failure::Failure;
use crate::step::Step;

use super::limits::{ABANDONED, CONNECT, LOCK, LOCK_WAIT, TURN_AT_INSTANCE};
use super::sql::literal;

/// The database that administrators connect to if none is named.
pub(super) const DEFAULT_DATABASE: &str = "postgres";

/// A connection. Dropped, it closes its socket at once; the server finishes the statement that is under
/// way, then finds the client gone and releases its locks.
pub(super) struct Session<'a> {
    pub(super) access: &'a Access,
    client: Client,
    _connection: AbortOnDropHandle<()>,
}

/// The database in which the administrator works.
pub(super) fn home(access: &Access) -> &str {
    access.database.as_deref().unwrap_or(DEFAULT_DATABASE)
}

impl<'a> Session<'a> {
    /// Connects to the administrator's database.
    pub(super) async fn open(access: &'a Access) -> Result<Self, Error> {
        let database = home(access);
        Self::open_in(access, database)
            .await
            .map_err(|failure| failure.of_connection(access, database))
    }

    /// Connects to a database. In a tenant's, whose owner may have set what every session starts with,
    /// nothing of that applies: what a client asks for at its start goes before, and names are looked up
    /// in the system's own schema only.
    pub(super) async fn open_in(access: &'a Access, database: &str) -> Result<Self, Failure> {
        let mut config = Config::new();
        config
            .host(&access.endpoint.host)
            .port(access.endpoint.port)
            .user(&access.user)
            .password(access.password.expose_secret())
            .dbname(database)
            .application_name("windlass")
            .connect_timeout(CONNECT.within)
            .options(format!(
                "-c role=none -c search_path=pg_catalog,pg_temp -c standard_conforming_strings=on \
                 -c client_min_messages=error -c default_transaction_read_only=off -c lock_timeout={} -c statement_timeout={}",
                LOCK_WAIT.as_millis(),
                ABANDONED.as_millis()
            ));
        let server = |error| Failure::Server(CONNECT, error);
        let connecting = timeout(CONNECT.within, config.connect(NoTls)).await;
        let (client, connection) = connecting
            .map_err(|_| Failure::Elapsed(CONNECT))?
            .map_err(server)?;
        let connection = tokio::spawn(async move {
            // Its error is also that of the statement that was under way, where it is reported.
            drop(connection.await);
        });
        Ok(Self {
            access,
            client,
            _connection: AbortOnDropHandle::new(connection),
        })
    }

    /// Runs statements, all or none of them; one that cannot be in a transaction must be alone.
    pub(super) async fn run(&self, step: Step, sql: &str) -> Result<(), Error> {
        self.run_raw(step, sql)
            .await
            .map_err(|failure| failure.of_statement(self.access))
    }

    /// The same, with the failure as it came.
    pub(super) async fn run_raw(&self, step: Step, sql: &str) -> Result<(), Failure> {
        match timeout(step.within, self.client.batch_execute(sql)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Server(step, error)),
            Err(_) => Err(Failure::Elapsed(step)),
        }
    }

    /// Rows of a query.
    pub(super) async fn rows(
        &self,
        step: Step,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        let failure = match timeout(step.within, self.client.query_typed(sql, parameters)).await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => Failure::Server(step, error),
            Err(_) => Failure::Elapsed(step),
        };
        Err(failure.of_statement(self.access))
    }

    /// Keeps other calls for the same thing, an instance by its group, out until this connection ends.
    pub(super) async fn lock(&self, group: &str) -> Result<(), Error> {
        let key = literal(&format!("windlass {group}"));
        let wait = TURN_AT_INSTANCE.as_millis();
        // In one go: the longer wait is for this lock alone.
        let sql = format!(
            "SET lock_timeout = {wait}; SELECT pg_advisory_lock(hashtextextended({key}, 0)); RESET lock_timeout"
        );
        self.run(LOCK, &sql).await
    }
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: "encrypted connections to PostgreSQL are not supported yet; name the cluster with sslmode=disable \
                 and reach it over a private network or a tunnel"
            .to_owned(),
    })
}
