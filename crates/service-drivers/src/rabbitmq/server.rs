//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::version::{SUPPORTED, is_supported};

/// The port of the applications.
const PORT: u16 = 5672;
/// The port of the management API, in which the driver works.
pub(super) const ADMINISTRATION: u16 = 15672;
/// The user that the server makes at its first start.
const ADMINISTRATOR: &str = "windlass";

/// What differs from the image's own settings, apart from the administrator.
const ENVIRONMENT: [(&str, &str); 3] = [
    // The directory of the data has the node's name in it, and a container's own name changes whenever it
    // is made again: the server would start empty.
    ("RABBITMQ_NODENAME", "rabbit@localhost"),
    // One node needs no others: what clusters of nodes and command-line tools connect to, where a cookie
    // is all that is asked for, is reached from inside the container only.
    ("ERL_EPMD_ADDRESS", "127.0.0.1"),
    // Of the disk, on which others have their data too, 500 MB stay free; the server's default is 50 MB.
    (
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        "-kernel inet_dist_use_interface {127,0,0,1} -rabbit disk_free_limit 500000000",
    ),
];

pub(super) fn spec(
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    if !is_supported(version) {
        return Err(Error::Unsupported {
            cluster: format!("RabbitMQ '{}'", version.escape_default()),
            reason: SUPPORTED.to_owned(),
        });
    }
    let mut environment = vec![
        (
            "RABBITMQ_DEFAULT_USER".to_owned(),
            SecretString::from(ADMINISTRATOR),
        ),
        (
            "RABBITMQ_DEFAULT_PASS".to_owned(),
            administrator_password.clone(),
        ),
    ];
    environment
        .extend(ENVIRONMENT.map(|(name, value)| (name.to_owned(), SecretString::from(value))));
    Ok(ServerSpec {
        image: ImageReference(format!("rabbitmq:{version}-management")),
        port: PORT,
        command: None,
        environment,
        files: Vec::new(),
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: "/var/lib/rabbitmq".to_owned(),
        }],
        administrator: ADMINISTRATOR.to_owned(),
        // Five seconds at rest; the virtual machine and its plugins are loaded from many small files.
        start_deadline: Duration::from_mins(3),
        // Every queue writes what it holds in memory.
        stop_grace: Duration::from_mins(1),
    })
}

#[cfg(test)]
mod tests {
    use super::spec;

    #[test]
    fn supported_versions_have_their_image() {
        for version in ["3.10", "3.13.7", "4", "4.2"] {
            let server = spec(version, &"secret".to_owned().into()).expect("supported");
            assert_eq!(server.image.0, format!("rabbitmq:{version}-management"));
            assert_eq!(server.volumes[0].path, "/var/lib/rabbitmq");
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in ["", "3.9", "latest", "5", "4 --privileged", "4/../x"] {
            let error = spec(version, &"secret".to_owned().into()).expect_err("not supported");
            assert!(
                error
                    .to_string()
                    .contains("versions 3.10.7 to 4.x are supported"),
                "{error}"
            );
        }
    }
}
