//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::prepare::SUPPORTED;

/// The superuser that the image makes at its first start.
const ADMINISTRATOR: &str = "postgres";
/// From this version on the official image keeps its data in a directory of the version's name, and
/// refuses a volume that is mounted below it.
const LAYOUT_BY_VERSION: i32 = 18;

/// Settings that differ from the image's.
const SETTINGS: [&str; 7] = [
    // A shared cluster has many small instances, each with a limit of its own.
    "max_connections=500",
    // For the administrator, when tenants have taken all the others.
    "superuser_reserved_connections=10",
    // Not the default of servers that were made by version 13 or older.
    "password_encryption=scram-sha-256",
    // The connections of applications that vanished are found out within two minutes, not two hours.
    "tcp_keepalives_idle=60",
    "tcp_keepalives_interval=15",
    "tcp_keepalives_count=4",
    // Containers have 64 MB at /dev/shm, where parallel queries would otherwise fail for want of room.
    "dynamic_shared_memory_type=sysv",
];

pub(super) fn spec(
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    let is_tag = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let major = digits
        .parse()
        .ok()
        .filter(|major| is_tag && SUPPORTED.contains(major));
    let Some(major) = major else {
        return Err(Error::Unsupported {
            cluster: format!("PostgreSQL '{}'", version.escape_default()),
            reason: format!(
                "versions {} to {} are supported",
                SUPPORTED.start(),
                SUPPORTED.end()
            ),
        });
    };
    let path = if major >= LAYOUT_BY_VERSION {
        "/var/lib/postgresql"
    } else {
        "/var/lib/postgresql/data"
    };
    let settings = SETTINGS
        .iter()
        .flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
    Ok(ServerSpec {
        image: ImageReference(format!("postgres:{version}")),
        port: 5432,
        command: Some(
            std::iter::once("postgres".to_owned())
                .chain(settings)
                .collect(),
        ),
        environment: vec![
            (
                "POSTGRES_PASSWORD".to_owned(),
                administrator_password.clone(),
            ),
            (
                "POSTGRES_INITDB_ARGS".to_owned(),
                SecretString::from("--data-checksums"),
            ),
        ],
        files: Vec::new(),
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: path.to_owned(),
        }],
        administrator: ADMINISTRATOR.to_owned(),
        // initdb on a slow disk.
        start_deadline: Duration::from_mins(2),
        // A fast shutdown ends sessions and writes a checkpoint.
        stop_grace: Duration::from_secs(30),
    })
}

#[cfg(test)]
mod tests {
    use super::spec;

    #[test]
    fn supported_versions_have_their_image_and_layout() {
        for (version, path) in [
            ("14", "/var/lib/postgresql/data"),
            ("15", "/var/lib/postgresql/data"),
            ("17.2-bookworm", "/var/lib/postgresql/data"),
            ("18", "/var/lib/postgresql"),
        ] {
            let server = spec(version, &"secret".to_owned().into()).expect("supported");
            assert_eq!(server.image.0, format!("postgres:{version}"));
            assert_eq!(server.volumes[0].path, path);
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in [
            "",
            "13",
            "19",
            "latest",
            "15 --privileged",
            "15/../x",
            "99999999999",
        ] {
            let error = spec(version, &"secret".to_owned().into()).expect_err("not supported");
            assert!(
                error
                    .to_string()
                    .contains("versions 14 to 18 are supported"),
                "{error}"
            );
        }
    }
}
