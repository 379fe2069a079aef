//! A PostgreSQL server in a container, for as long as a test process lives.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::postgres::PostgresDriver;
use windlass_services::{Access, Driver, Endpoint, Tls, password};

const VERSION: &str = "15";

/// The server that the tests of one binary share. Each test uses instances and roles of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(Server::start).await
}

pub(crate) struct Server {
    name: String,
    pub(crate) superuser: Access,
    lifeline: Child,
}

impl Server {
    /// Starts the server as the driver specifies it, with all statements in its log.
    pub(crate) async fn start() -> Self {
        let password = password::generate();
        let spec = PostgresDriver::new()
            .server(VERSION, &password)
            .expect("a supported version");
        let image = spec.image.to_string();
        let found = docker(&["image", "inspect", "--format", "{{.Id}}", &image]);
        assert!(
            found.is_ok(),
            "the image {image} is not there: run ./test, or `windlass images prepare`"
        );
        let name = format!("windlass-test-postgres-{}", Uuid::now_v7().simple());
        // Removes the container when this process ends, however it ends: its end closes the pipe.
        let lifeline = Command::new("sh")
            .args([
                "-c",
                "cat >/dev/null; docker rm --force --volumes \"$0\" >/dev/null 2>&1",
                &name,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let mut run = Command::new("docker");
        run.args([
            "run",
            "--detach",
            "--name",
            &name,
            "--publish",
            "127.0.0.1::5432",
        ]);
        for (key, value) in &spec.environment {
            run.args(["--env", key]).env(key, value.expose_secret());
        }
        run.arg(&image).args(spec.command.iter().flatten());
        // Nothing here survives the container, so that it need not survive a crash of the machine.
        run.args([
            "-c",
            "log_statement=all",
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
        ]);
        let started = output(&mut run);
        assert!(
            started.is_ok(),
            "the container of {image} does not start: {started:?}"
        );
        let published = docker(&["port", &name, "5432/tcp"]).expect("the port is published");
        let port = published
            .lines()
            .next()
            .and_then(|line| line.rsplit_once(':'))
            .expect("a port")
            .1;
        let superuser = Access {
            cluster: ClusterId::from(Uuid::now_v7()),
            description: "shared cluster 'postgres' of region local".to_owned(),
            endpoint: Endpoint {
                host: "127.0.0.1".to_owned(),
                port: port.trim().parse().expect("a port"),
            },
            user: spec.administrator,
            password,
            database: None,
            tls: Tls::Off,
        };
        let server = Self {
            name,
            superuser,
            lifeline,
        };
        server.wait_until_ready(spec.start_deadline).await;
        server
    }

    async fn wait_until_ready(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while let Err(error) = self.try_connect("postgres").await {
            let running = docker(&["inspect", "--format", "{{.State.Running}}", &self.name]);
            let is_running = running.is_ok_and(|text| text.trim() == "true");
            assert!(
                is_running && Instant::now() < deadline,
                "no server: {error:?}\n{}",
                self.log()
            );
            sleep(Duration::from_millis(50)).await;
        }
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
        let shown = Command::new("docker")
            .args(["logs", &self.name])
            .output()
            .expect("docker runs");
        String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()).into_owned()
    }

    /// Runs a program in the container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Result<String, String> {
        docker(&[&["exec", self.name.as_str()], arguments].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.stdin.take());
        drop(self.lifeline.wait());
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

fn docker(arguments: &[&str]) -> Result<String, String> {
    output(Command::new("docker").args(arguments))
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("docker cannot be run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
