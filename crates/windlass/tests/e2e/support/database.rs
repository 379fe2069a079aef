//! Databases, asked from outside of Windlass.

use super::docker;

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
