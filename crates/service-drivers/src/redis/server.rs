//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::flavour::Flavour;

/// The ACL user that the first start makes.
pub(super) const ADMINISTRATOR: &str = "windlass";
/// What runs before the server, in any shell of the images (dash, BusyBox).
const START: &str = concat!(
    "set -eu\n",
    include_str!("../container_memory.sh"),
    include_str!("start.sh")
);

/// Settings that differ from the server's own.
const SETTINGS: [&str; 14] = [
    "--aclfile",
    "/data/users.acl",
    "--dir",
    "/data",
    // Queues and sessions are data: at most a second of them is lost. Snapshots beside it add nothing.
    "--appendonly",
    "yes",
    "--save",
    "",
    // When memory is short, what was written with an expiry goes, which caches do; what was to stay, such
    // as a queue's jobs, is never dropped without a word, and if there is nothing else, writes are refused.
    "--maxmemory-policy",
    "volatile-lru",
    // As in the official image. Should `default` ever have lost its password, this mode would refuse everybody
    // from outside the container, and so the administrator who is to shut it again.
    "--protected-mode",
    "no",
    // The connections of applications that vanished are found out within two minutes.
    "--tcp-keepalive",
    "60",
];

pub(super) fn spec(
    flavour: Flavour,
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    let is_tag = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !is_tag || !flavour.supports(version) {
        return Err(Error::Unsupported {
            cluster: format!("{} '{}'", flavour.title(), version.escape_default()),
            reason: format!("{} are supported", flavour.supported()),
        });
    }
    let command = ["sh", "-c", START, flavour.program()];
    Ok(ServerSpec {
        image: ImageReference(format!("{}:{version}", flavour.image())),
        port: 6379,
        command: Some(
            command
                .into_iter()
                .chain(SETTINGS)
                .map(str::to_owned)
                .collect(),
        ),
        environment: vec![(
            "WINDLASS_ADMINISTRATOR_PASSWORD".to_owned(),
            administrator_password.clone(),
        )],
        files: Vec::new(),
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: "/data".to_owned(),
        }],
        administrator: ADMINISTRATOR.to_owned(),
        start_deadline: Duration::from_mins(1),
        // The last second of the append-only file goes to the disk.
        stop_grace: Duration::from_secs(30),
    })
}

#[cfg(test)]
mod tests {
    use super::{Flavour, spec};

    #[test]
    fn each_flavour_has_its_image_and_program() {
        for (flavour, image, program) in [
            (Flavour::Redis, "redis:8.0-alpine", "redis-server"),
            (Flavour::Valkey, "valkey/valkey:8.0-alpine", "valkey-server"),
        ] {
            let server = spec(flavour, "8.0-alpine", &"secret".to_owned().into()).expect("known");
            assert_eq!(server.image.0, image);
            assert_eq!(server.command.expect("a command")[3], program);
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in ["", "6", "9", "latest", "7 --privileged", "7/../x"] {
            let error = spec(Flavour::Redis, version, &"secret".to_owned().into())
                .expect_err("not supported");
            assert!(
                error.to_string().contains("versions 7 and 8 are supported"),
                "{error}"
            );
        }
    }
}
