//! A PostgreSQL server for the tests.

use std::sync::LazyLock;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_services::{Access, EngineTools, password};

use crate::beside;
use crate::support::Container;
use crate::wanted::Wanted;

/// What the tests of this binary run on.
pub(crate) static WANTED: LazyLock<Wanted> = LazyLock::new(|| Wanted::or("postgres-15"));
/// Every statement in its log; and nothing here survives the container, so that it need not survive a crash
/// of the machine.
const SETTINGS: [&str; 6] = [
    "-c",
    "log_statement=all",
    "-c",
    "fsync=off",
    "-c",
    "full_page_writes=off",
];

/// The server that the tests of one binary share. Each test uses instances and roles of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(Server::start).await
}

pub(crate) struct Server {
    container: Container,
    /// Programs beside it.
    pub(crate) tools: EngineTools,
    pub(crate) superuser: Access,
}

impl Server {
    /// Starts the server as the driver specifies it.
    pub(crate) async fn start() -> Self {
        assert_eq!(WANTED.kind, "postgres", "these tests know no other");
        let container = Container::start(&PostgresDriver::new(), &WANTED.version, &SETTINGS);
        let superuser = container.access.clone();
        let tools = beside::tools(&container).await;
        let server = Self {
            container,
            tools,
            superuser,
        };
        server
            .container
            .wait_until(async || server.try_connect("postgres").await)
            .await;
        server
    }

    async fn try_connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        let mut config = config(&self.superuser, database);
        // What a client asks for at its start comes before what a hostile owner has set for the database.
        config.options("-c statement_timeout=0 -c role=none");
        connect(&config).await
    }

    /// A superuser's connection.
    pub(crate) async fn connect(&self, database: &str) -> Client {
        self.try_connect(database)
            .await
            .expect("the superuser can connect")
    }

    /// Runs statements as the superuser.
    pub(crate) async fn run(&self, sql: &str) {
        self.connect("postgres")
            .await
            .batch_execute(sql)
            .await
            .expect("the superuser may do this");
    }

    /// One text of one row, as the superuser sees it.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let row = self
            .connect("postgres")
            .await
            .query_one(sql, &[])
            .await
            .expect("one row");
        row.get(0)
    }

    /// An administrator with no right but those that are needed.
    pub(crate) async fn least_privileged(&self) -> Access {
        self.administrator("CREATEDB CREATEROLE", true).await
    }

    /// A role with these rights.
    pub(crate) async fn administrator(&self, rights: &str, may_signal: bool) -> Access {
        let access = Access {
            // A cluster of its own for the driver: another administrator is another pool of calls.
            cluster: ClusterId::from(Uuid::now_v7()),
            user: format!("padmin_{}", Uuid::now_v7().simple()),
            password: password::generate(),
            ..self.superuser.clone()
        };
        let (user, secret) = (&access.user, access.password.expose_secret());
        let superuser = self.connect("postgres").await;
        // The server logs every statement, and this one will have the password in it.
        superuser
            .batch_execute("SET log_statement = none")
            .await
            .expect("a superuser's setting");
        let mut sql = format!(
            "SELECT pg_advisory_xact_lock(1); CREATE ROLE {user} LOGIN {rights} PASSWORD '{secret}';
             GRANT CONNECT ON DATABASE postgres TO {user};"
        );
        if may_signal {
            sql = format!("{sql} GRANT pg_signal_backend TO {user};");
        }
        superuser
            .batch_execute(&sql)
            .await
            .expect("a superuser may do this");
        access
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        self.container.log()
    }

    /// Runs a program in the container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Result<String, String> {
        self.container.exec(arguments)
    }
}

pub(crate) fn config(access: &Access, database: &str) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config
        .host(&access.endpoint.host)
        .port(access.endpoint.port)
        .user(&access.user)
        .password(access.password.expose_secret())
        .dbname(database)
        .connect_timeout(Duration::from_secs(10));
    config
}

pub(crate) async fn connect(
    config: &tokio_postgres::Config,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
