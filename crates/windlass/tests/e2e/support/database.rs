//! Databases, asked from outside of Windlass.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::docker;

/// A session; it ends when dropped.
pub(crate) struct Session {
    process: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Session {
    /// The one row that a statement gives.
    #[track_caller]
    pub(crate) fn ask(&mut self, statement: &str) -> String {
        let input = self.input.as_mut().expect("it is open");
        writeln!(input, "{statement};").expect("the session takes it");
        let row = self.output.next().expect("the session answers");
        row.expect("a text")
    }

    /// The server has ended it.
    #[track_caller]
    pub(crate) fn must_be_over(mut self) {
        let input = self.input.as_mut().expect("it is open");
        // psql itself may be gone already.
        drop(writeln!(input, "SELECT 'still open';"));
        let said = self.output.next().transpose().expect("a text");
        assert_eq!(said, None, "the session goes on");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // psql goes at the end of its input.
        self.input = None;
        drop(self.process.wait());
    }
}

/// Where and as whom an application connects.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    /// The server's container, which is its host name.
    pub(crate) server: String,
    pub(crate) database: String,
}

impl Login {
    /// From `scheme://user:password@host:port/database`.
    pub(crate) fn of(url: &str) -> Self {
        let parts = || {
            let (_, rest) = url.split_once("://")?;
            let (credentials, rest) = rest.rsplit_once('@')?;
            let (user, password) = credentials.split_once(':')?;
            let (place, database) = rest.split_once('/')?;
            let (server, _) = place.split_once(':')?;
            let database = database.split('?').next()?;
            Some([user, password, server, database].map(str::to_owned))
        };
        let [user, password, server, database] =
            parts().unwrap_or_else(|| panic!("no URL of a database: {url}"));
        Self {
            user,
            password,
            server,
            database,
        }
    }

    /// Runs SQL with these credentials over the network, from the server's own container.
    pub(crate) fn sql(&self, statement: &str) -> Result<String, String> {
        self.sql_in(&self.database, statement)
    }

    /// The same in another database.
    pub(crate) fn sql_in(&self, database: &str, statement: &str) -> Result<String, String> {
        let password = format!("PGPASSWORD={}", self.password);
        let address = docker::address(&self.server);
        docker::attempt(&[
            "exec",
            "-e",
            &password,
            "-e",
            "PGCONNECT_TIMEOUT=5",
            &self.server,
            "psql",
            "-X",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &address,
            "-U",
            &self.user,
            "-d",
            database,
            "-c",
            statement,
        ])
    }

    /// Opens a session that stays.
    pub(crate) fn session(&self) -> Session {
        let password = format!("PGPASSWORD={}", self.password);
        let address = docker::address(&self.server);
        let mut process = Command::new("docker")
            .args(["exec", "-i", "-e", &password, &self.server, "psql", "-XAtq"])
            .args(["-h", &address, "-U", &self.user, "-d", &self.database])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("docker runs");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("it is piped");
        Session {
            process,
            input,
            output: BufReader::new(output).lines(),
        }
    }

    /// These credentials are good.
    #[track_caller]
    pub(crate) fn works(&self) {
        assert_eq!(
            self.sql("SELECT 1").as_deref(),
            Ok("1"),
            "the credentials of {} work",
            self.user
        );
    }

    /// The server refuses these credentials.
    #[track_caller]
    pub(crate) fn is_refused(&self) {
        let error = self
            .sql("SELECT 1")
            .expect_err("the credentials are revoked");
        assert!(
            error.contains("authentication failed") || error.contains("not permitted"),
            "{error}"
        );
    }
}

/// Runs SQL as the superuser, inside the server's container.
pub(crate) fn superuser(server: &str, statement: &str) -> String {
    docker::run(&[
        "exec", "-u", "postgres", server, "psql", "-X", "-At", "-U", "postgres", "-c", statement,
    ])
}

/// The roles and databases of instances on a server, sorted.
pub(crate) fn ours(server: &str) -> Vec<String> {
    let text = superuser(
        server,
        "SELECT 'role ' || rolname || coalesce(' ' || substring(shobj_description(oid, 'pg_authid') from 'windlass instance ([0-9a-f-]+)'), '') \
         FROM pg_roles WHERE rolname LIKE 'svc\\_%' \
         UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'svc\\_%' ORDER BY 1",
    );
    text.lines().map(str::to_owned).collect()
}
