//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::{File, ImageReference};
use windlass_services::{Error, ServerSpec, Volume};

use super::media;
use super::names::code;
use super::site::Site;
use super::version::{SUPPORTED, is_supported, tag};

/// The port of S3, for applications.
const PORT: u16 = 3900;
/// The port of the administration's API, in which the driver works.
pub(super) const ADMINISTRATION: u16 = 3903;
/// Where the server looks for its configuration.
const CONFIGURATION: &str = "/etc/garage.toml";
const DATA: &str = "/var/lib/garage";

/// The configuration. There are no others that a copy of the data could come from, so that everything is on
/// disk before it is acknowledged, and the database of names is copied now and then. What nodes say to each
/// other, and what the statistics say about all tenants, is no business of those in the network. The web server
/// shows the buckets that are public and no others; it has no domain, for the router tells it the bucket.
fn configuration(site: &Site) -> String {
    let (region, media) = (&site.region, media::PORT);
    let names = site.domain.as_ref();
    let names = names.map_or_else(String::new, |domain| {
        format!("root_domain = \".{domain}\"\n")
    });
    format!(
        r#"# Written by Windlass.
metadata_dir = "{DATA}/meta"
data_dir = "{DATA}/data"
db_engine = "lmdb"
metadata_fsync = true
data_fsync = true
metadata_auto_snapshot_interval = "6h"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:3901"
rpc_public_addr = "127.0.0.1:3901"

[s3_api]
s3_region = "{region}"
api_bind_addr = "0.0.0.0:{PORT}"
{names}
[s3_web]
bind_addr = "0.0.0.0:{media}"

[admin]
api_bind_addr = "0.0.0.0:{ADMINISTRATION}"
metrics_require_token = true
"#
    )
}

pub(super) fn spec(
    site: &Site,
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    if !is_supported(version) {
        return Err(Error::Unsupported {
            cluster: format!("Garage '{}'", version.escape_default()),
            reason: SUPPORTED.to_owned(),
        });
    }
    // What nodes of one cluster know of each other; the same for the server that takes this one's place.
    let nodes = SecretString::from(code(administrator_password, "windlass garage rpc secret"));
    Ok(ServerSpec {
        image: ImageReference(format!("dxflrs/garage:{}", tag(version))),
        port: PORT,
        command: None,
        environment: vec![
            (
                "GARAGE_ADMIN_TOKEN".to_owned(),
                administrator_password.clone(),
            ),
            ("GARAGE_RPC_SECRET".to_owned(), nodes),
        ],
        files: vec![File {
            path: CONFIGURATION.to_owned(),
            content: SecretString::from(configuration(site)),
            mode: 0o644,
        }],
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: DATA.to_owned(),
        }],
        // There is one administrator, and it has no name: the token is all.
        administrator: "administrator".to_owned(),
        // A second at rest; a large database of names is looked through.
        start_deadline: Duration::from_mins(1),
        // Requests that are under way end.
        stop_grace: Duration::from_secs(30),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Site, spec};

    #[test]
    fn supported_versions_have_their_image() {
        for (version, tag) in [("2.3.0", "v2.3.0"), ("2.5.1", "v2.5.1"), ("2.5", "v2.5.0")] {
            let server =
                spec(&Site::default(), version, &"secret".to_owned().into()).expect("supported");
            assert_eq!(server.image.0, format!("dxflrs/garage:{tag}"));
            let configuration = server.files[0].content.expose_secret();
            assert!(!configuration.contains("secret"), "{configuration}");
        }
    }

    #[test]
    fn the_secret_among_nodes_is_of_the_servers_form_and_not_the_token() {
        let secret = |token: &str| {
            let server =
                spec(&Site::default(), "2.5.0", &token.to_owned().into()).expect("supported");
            server.environment[1].1.expose_secret().to_owned()
        };
        assert_eq!(secret("one").len(), 64);
        assert_eq!(secret("one"), secret("one"));
        assert_ne!(secret("one"), secret("two"));
    }

    #[test]
    fn other_versions_are_refused() {
        for version in [
            "",
            "1.3.1",
            "2.1.0",
            "latest",
            "3.0.0",
            "2.5.0 --privileged",
        ] {
            let error = spec(&Site::default(), version, &"secret".to_owned().into())
                .expect_err("not supported");
            assert!(
                error
                    .to_string()
                    .contains("versions 2.3 to 2.x are supported"),
                "{error}"
            );
        }
    }
}
