//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::administrator::numbers;
use super::dialect::Dialect;

/// The user with all rights that the image makes at its first start.
const ADMINISTRATOR: &str = "root";

/// Settings that differ from the image's and that both servers know.
const SETTINGS: [&str; 5] = [
    // A shared cluster has many small instances, each binding with a limit of its own. One more is kept
    // for the administrator.
    "--max-connections=500",
    // Addresses in a container's network have no names.
    "--skip-name-resolve",
    // Not what old clients have as their default.
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    // An application that is started with a wrong password must not shut out all others at its address.
    "--max-connect-errors=4294967295",
];

pub(super) fn spec(
    dialect: Dialect,
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    let is_tag = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let starts = version.starts_with(|c: char| c.is_ascii_digit());
    let (major, minor) = numbers(version);
    // A tag may name the series alone: `11`. No single number names a series of MySQL 8.
    if !(is_tag && starts && dialect.supports(major, minor)) {
        return Err(Error::Unsupported {
            cluster: format!("{} '{}'", dialect.product(), version.escape_default()),
            reason: dialect.supported().to_owned(),
        });
    }
    let command = dialect.command().iter().chain(&SETTINGS);
    Ok(ServerSpec {
        image: ImageReference(format!("{}:{version}", dialect.kind())),
        port: 3306,
        command: Some(command.map(|part| (*part).to_owned()).collect()),
        environment: vec![(
            dialect.password_variable().to_owned(),
            administrator_password.clone(),
        )],
        files: Vec::new(),
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: "/var/lib/mysql".to_owned(),
        }],
        administrator: ADMINISTRATOR.to_owned(),
        // The first start makes the system's tables, on a slow disk.
        start_deadline: Duration::from_mins(3),
        // Writes what has changed in memory.
        stop_grace: Duration::from_mins(1),
    })
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::spec;

    #[test]
    fn supported_versions_have_their_image() {
        for (dialect, version, image, program, variable) in [
            (
                Dialect::Mysql,
                "8.0",
                "mysql:8.0",
                "mysqld",
                "MYSQL_ROOT_PASSWORD",
            ),
            (
                Dialect::Mysql,
                "8.4.3",
                "mysql:8.4.3",
                "mysqld",
                "MYSQL_ROOT_PASSWORD",
            ),
            (
                Dialect::Mariadb,
                "10.11",
                "mariadb:10.11",
                "mariadbd",
                "MARIADB_ROOT_PASSWORD",
            ),
            (
                Dialect::Mariadb,
                "11",
                "mariadb:11",
                "mariadbd",
                "MARIADB_ROOT_PASSWORD",
            ),
            (
                Dialect::Mariadb,
                "11.8-noble",
                "mariadb:11.8-noble",
                "mariadbd",
                "MARIADB_ROOT_PASSWORD",
            ),
        ] {
            let server = spec(dialect, version, &"secret".to_owned().into()).expect("supported");
            assert_eq!(server.image.0, image);
            assert_eq!(server.command.expect("a command")[0], program);
            assert_eq!(server.environment[0].0, variable);
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in [
            "",
            "10.6",
            "12",
            "latest",
            "x11",
            "10.11 --privileged",
            "11/../x",
        ] {
            let error = spec(Dialect::Mariadb, version, &"secret".to_owned().into())
                .expect_err("not supported");
            let text = error.to_string();
            assert!(
                text.contains("versions 10.11 and 11 are supported"),
                "{text}"
            );
        }
        for version in ["5.7", "9.1", "11.4", "10.11"] {
            spec(Dialect::Mysql, version, &"secret".to_owned().into()).expect_err("not supported");
        }
    }
}
