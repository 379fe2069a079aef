//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec};

/// Connections that a server takes; more are refused. It cannot be changed while the server runs.
pub const CONNECTIONS: u32 = 1024;
/// What is supported, for people.
pub(super) const SUPPORTED: &str = "version 1.6 is supported";

/// What runs before the server, in any shell of the images (dash, BusyBox).
const START: &str = concat!(
    "set -eu\n",
    include_str!("../container_memory.sh"),
    include_str!("start.sh")
);

/// Whether a version is supported, as `1.6`, `1.6.18` or an image's tag.
pub(super) fn supports(version: &str) -> bool {
    version
        .strip_prefix("1.6")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// The server has no administrator, so that the password is nobody's, and keeps nothing on a disk.
pub(super) fn spec(version: &str) -> Result<ServerSpec, Error> {
    let is_tag = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !is_tag || !supports(version) {
        return Err(Error::Unsupported {
            cluster: format!("Memcached '{}'", version.escape_default()),
            reason: SUPPORTED.to_owned(),
        });
    }
    let connections = CONNECTIONS.to_string();
    // No UDP, which others have used to flood third parties.
    let command = [
        "sh",
        "-c",
        START,
        "memcached",
        "-U",
        "0",
        "-c",
        &connections,
    ];
    Ok(ServerSpec {
        image: ImageReference(format!("memcached:{version}")),
        port: 11211,
        command: Some(command.map(str::to_owned).to_vec()),
        environment: Vec::<(String, SecretString)>::new(),
        files: Vec::new(),
        volumes: Vec::new(),
        administrator: String::new(),
        start_deadline: Duration::from_secs(30),
        stop_grace: Duration::from_secs(5),
    })
}

#[cfg(test)]
mod tests {
    use super::spec;

    #[test]
    fn version_1_6_is_supported_and_no_other() {
        for version in ["1.6", "1.6.18", "1.6-alpine"] {
            let server = spec(version).expect("supported");
            assert_eq!(server.image.0, format!("memcached:{version}"));
        }
        for version in [
            "",
            "1",
            "1.5",
            "1.60",
            "latest",
            "1.6 --privileged",
            "1.6/../x",
        ] {
            let error = spec(version).expect_err("not supported");
            assert!(error.to_string().contains("1.6 is supported"), "{error}");
        }
    }
}
