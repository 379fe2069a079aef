//! All that differs between MySQL and MariaDB.
//!
//! What is said here of MariaDB runs in the tests. What is said of MySQL is written by its reference manual
//! and is **not in the tests**: no server of versions 8 could be had. The contract's suite passed once, by hand, on MySQL
//! 9.7.4 with [`Dialect::supports`] lifted (`WINDLASS_TEST_SERVER`, see `tests/support/wanted.rs`). Neither uses MySQL's second password of a user
//! (`RETAIN CURRENT PASSWORD`), which MariaDB lacks: each binding is a user of its own.

use secrecy::SecretString;

use super::hash;
use super::limits::ABANDONED;
use super::sql::literal;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Not in the tests.
    Mysql,
    /// Run here with versions 10.11 and 11.8.
    Mariadb,
}

impl Dialect {
    /// The type's name, that of the official image too.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
        }
    }

    /// Its name for people.
    pub(super) fn product(self) -> &'static str {
        match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
        }
    }

    /// What a server runs, by what its `VERSION()` says.
    pub(super) fn of_server(version: &str) -> Self {
        if version.to_ascii_lowercase().contains("mariadb") {
            Self::Mariadb
        } else {
            Self::Mysql
        }
    }

    pub(super) fn supports(self, major: u32, minor: u32) -> bool {
        match self {
            Self::Mysql => (8, 0) <= (major, minor) && (major, minor) <= (8, 4),
            Self::Mariadb => (major, minor) == (10, 11) || major == 11,
        }
    }

    /// The versions of [`Self::supports`], for people.
    pub(super) fn supported(self) -> &'static str {
        match self {
            Self::Mysql => "versions 8.0 to 8.4 are supported",
            Self::Mariadb => "versions 10.11 and 11 are supported",
        }
    }

    /// The variable in which the official image is told the administrator's password.
    pub(super) fn password_variable(self) -> &'static str {
        match self {
            Self::Mysql => "MYSQL_ROOT_PASSWORD",
            Self::Mariadb => "MARIADB_ROOT_PASSWORD",
        }
    }

    /// The server's program, and settings that the other one does not know.
    pub(super) fn command(self) -> &'static [&'static str] {
        match self {
            // The second protocol has a port of its own, which nothing here uses. Nothing reads the log of changes
            // either, which only this server keeps if not told otherwise: with it, tenants may make no trigger and no
            // function (error 1419; reference manual 8.4, 27.9 "Stored Program Binary Logging").
            Self::Mysql => &["mysqld", "--mysqlx=OFF", "--skip-log-bin"],
            // The connections of applications that vanished are found out within two minutes, not two hours.
            Self::Mariadb => &[
                "mariadbd",
                "--tcp-keepalive-time=60",
                "--tcp-keepalive-interval=15",
                "--tcp-keepalive-probes=4",
            ],
        }
    }

    /// Settings of a session: when the server gives up a statement by itself.
    pub(super) fn session_settings(self) -> String {
        match self {
            // Only SELECT has a time-out; and sizes of tables are not those of yesterday.
            Self::Mysql => format!(
                "max_execution_time={}, information_schema_stats_expiry=0",
                ABANDONED.as_millis()
            ),
            Self::Mariadb => format!("max_statement_time={}", ABANDONED.as_secs()),
        }
    }

    /// How a user proves a password, of which only the hash leaves this process.
    pub(super) fn identified(self, password: &SecretString) -> String {
        match self {
            Self::Mysql => format!(
                "IDENTIFIED WITH caching_sha2_password AS {}",
                literal(&hash::caching_sha2_password(password))
            ),
            Self::Mariadb => format!(
                "IDENTIFIED VIA mysql_native_password USING {}",
                literal(&hash::mysql_native_password(password))
            ),
        }
    }

    /// Words for people at a database; MySQL has no place for them.
    pub(super) fn database_comment(self, comment: &str) -> Option<String> {
        match self {
            Self::Mysql => None,
            // The longest that the server takes is 1024 characters.
            Self::Mariadb => {
                let comment: String = comment.chars().take(1024).collect();
                Some(format!("COMMENT {}", literal(&comment)))
            }
        }
    }

    /// The setting with which `_` in a grant stands for itself whether it is escaped or not: grants of ours
    /// would be on databases that do not exist.
    pub(super) fn literal_grants(self) -> &'static str {
        match self {
            Self::Mysql => "@@global.partial_revokes",
            Self::Mariadb => "0",
        }
    }

    /// The right to end the sessions of others.
    pub(super) fn kill_right(self) -> &'static str {
        match self {
            Self::Mysql => "CONNECTION_ADMIN",
            Self::Mariadb => "CONNECTION ADMIN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect::{Mariadb, Mysql};

    /// All that the tests can say of MySQL: what its manual writes.
    #[test]
    fn each_is_given_a_hash_in_its_own_words() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        let mysql = Mysql.identified(&password);
        assert!(
            mysql.starts_with("IDENTIFIED WITH caching_sha2_password AS '$A$005$"),
            "{mysql}"
        );
        let mariadb = Mariadb.identified(&password);
        assert!(
            mariadb.starts_with("IDENTIFIED VIA mysql_native_password USING '*"),
            "{mariadb}"
        );
    }

    #[test]
    fn comments_are_cut_to_what_the_server_takes() {
        let comment = Mariadb.database_comment(&"é".repeat(2000));
        assert_eq!(comment, Some(format!("COMMENT '{}'", "é".repeat(1024))));
        assert_eq!(Mysql.database_comment("shop/test/DEFAULT"), None);
    }
}
