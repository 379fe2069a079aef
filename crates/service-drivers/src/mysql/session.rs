//! A connection of the administrator.

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _};
use tokio::time::timeout;
use windlass_services::{Access, Error, Tls};

use super::dialect::Dialect;
use super::failure::{self, Failure, code};
use super::ledger;
use super::limits::{CONNECT, LOCK, LOCK_WAIT, TURN_AT_INSTANCE};
use super::sql::literal;
use crate::step::Step;

/// A cluster and what it runs: what every call is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cluster<'a> {
    pub(super) access: &'a Access,
    pub(super) dialect: Dialect,
}

/// A connection. Dropped, it closes its socket at once; the server finishes the statement that is under
/// way, then finds the client gone and releases its locks.
pub(super) struct Session<'a> {
    pub(super) access: &'a Access,
    pub(super) dialect: Dialect,
    connection: MySqlConnection,
}

/// A row of an answer, each value as the text in which the server sends it.
#[derive(Debug)]
pub(super) struct Row(Vec<Option<String>>);

impl Row {
    /// A text; NULL, and a column that is not there, are empty.
    pub(super) fn text(&self, column: usize) -> &str {
        self.0
            .get(column)
            .and_then(Option::as_deref)
            .unwrap_or_default()
    }

    /// A number; what is none is 0.
    pub(super) fn number(&self, column: usize) -> u64 {
        let text = self.text(column);
        // Sums are decimal numbers.
        let whole = text.split('.').next().unwrap_or_default();
        whole.parse().unwrap_or_default()
    }
}

impl<'a> Session<'a> {
    /// Connects.
    pub(super) async fn open(cluster: Cluster<'a>) -> Result<Self, Error> {
        let access = cluster.access;
        let connecting = Self::connect(cluster);
        connecting
            .await
            .map_err(|failure| failure.of_connection(access))
    }

    async fn connect(cluster: Cluster<'a>) -> Result<Self, Failure> {
        let access = cluster.access;
        let mut options = MySqlConnectOptions::new()
            .host(&access.endpoint.host)
            .port(access.endpoint.port)
            .username(&access.user)
            .password(access.password.expose_secret())
            .ssl_mode(MySqlSslMode::Disabled)
            // What a session needs is set below, in one go.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            // The log of statements is the server's affair, and hashes are none of ours.
            .disable_statement_logging();
        if let Some(database) = &access.database {
            options = options.database(database);
        }
        let settings = format!(
            "SET NAMES utf8mb4, autocommit=1, sql_safe_updates=0, lock_wait_timeout={wait}, \
             innodb_lock_wait_timeout={wait}, \
             sql_mode='STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'",
            wait = LOCK_WAIT.as_secs(),
        );
        let connecting = async {
            let mut connection = options.connect().await?;
            execute(&mut connection, settings).await?;
            let own = format!("SET {}", cluster.dialect.session_settings());
            match execute(&mut connection, own).await {
                // A server of the other product, which `prepare` refuses in better words.
                Err(error) if failure::number(&error) == Some(code::NO_SUCH_SETTING) => {}
                other => other?,
            }
            Ok(connection)
        };
        match timeout(CONNECT.within, connecting).await {
            Ok(Ok(connection)) => Ok(Self {
                access,
                dialect: cluster.dialect,
                connection,
            }),
            Ok(Err(error)) => Err(Failure::Server(CONNECT, error)),
            Err(_) => Err(Failure::Elapsed(CONNECT)),
        }
    }

    /// Runs a statement.
    pub(super) async fn run(&mut self, step: Step, sql: String) -> Result<(), Error> {
        let access = self.access;
        self.run_raw(step, sql)
            .await
            .map_err(|failure| failure.of_statement(access))
    }

    /// The same, with the failure as it came.
    pub(super) async fn run_raw(&mut self, step: Step, sql: String) -> Result<(), Failure> {
        match timeout(step.within, execute(&mut self.connection, sql)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::Server(step, error)),
            Err(_) => Err(Failure::Elapsed(step)),
        }
    }

    /// Rows of a query.
    pub(super) async fn rows(&mut self, step: Step, sql: String) -> Result<Vec<Row>, Error> {
        let access = self.access;
        self.rows_raw(step, sql)
            .await
            .map_err(|failure| failure.of_statement(access))
    }

    /// The same, with the failure as it came.
    pub(super) async fn rows_raw(&mut self, step: Step, sql: String) -> Result<Vec<Row>, Failure> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection);
        match timeout(step.within, query).await {
            Ok(Ok(rows)) => Ok(rows.iter().map(texts).collect()),
            Ok(Err(error)) => Err(Failure::Server(step, error)),
            Err(_) => Err(Failure::Elapsed(step)),
        }
    }

    /// Keeps other calls for the same instance out until this connection ends.
    ///
    /// Locks are the whole server's and anybody may take one, so that its name begins with a secret of the
    /// cluster: a tenant cannot keep us out.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), Error> {
        let sql = format!(
            "SELECT GET_LOCK(CONCAT((SELECT token FROM {}), {}), {})",
            ledger::table("cluster"),
            literal(&format!(" {name}")),
            TURN_AT_INSTANCE.as_secs()
        );
        let rows = self.rows(LOCK, sql).await?;
        if rows.first().is_some_and(|row| row.number(0) == 1) {
            return Ok(());
        }
        Err(Error::Failed {
            cluster: self.access.description.clone(),
            doing: LOCK.doing.to_owned(),
            reason: format!("it is still at work after {TURN_AT_INSTANCE:?}"),
        })
    }
}

async fn execute(connection: &mut MySqlConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// The protocol of plain queries sends every value as a text, whatever the column's type and collation.
fn texts(row: &MySqlRow) -> Row {
    let text = |column| {
        let bytes: Option<Vec<u8>> = row.try_get_unchecked(column).ok().flatten();
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    Row((0..row.len()).map(text).collect())
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(cluster: Cluster<'_>) -> Result<(), Error> {
    if cluster.access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: cluster.access.description.clone(),
        reason: format!(
            "encrypted connections to {} are not supported yet; reach it over a private network or a tunnel",
            cluster.dialect.product()
        ),
    })
}
