//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::flavour::Flavour;

/// The port of the applications, and of the administrator.
const PORT: u16 = 9200;
/// What runs before OpenSearch.
const START: &str = concat!(
    "set -eu\n",
    include_str!("../container_memory.sh"),
    include_str!("start.sh")
);

/// Settings of both that differ from the servers' own.
const SETTINGS: [(&str, &str); 7] = [
    ("discovery.type", "single-node"),
    // By shares of the disk, as the servers have it, a large disk with a tenth free takes no new index any more; and
    // there is no other node to which shards could go.
    ("cluster.routing.allocation.disk.watermark.low", "3gb"),
    ("cluster.routing.allocation.disk.watermark.high", "2gb"),
    (
        "cluster.routing.allocation.disk.watermark.flood_stage",
        "1gb",
    ),
    // One node needs no others, and they would be let in with more than a password.
    ("transport.host", "127.0.0.1"),
    ("http.host", "0.0.0.0"),
    // Mapped files want a setting of the machine (vm.max_map_count) that is not ours to change.
    ("node.store.allow_mmap", "false"),
];
/// OpenSearch's own.
const OPENSEARCH: [(&str, &str); 3] = [
    ("plugins.security.ssl.http.enabled", "false"),
    ("plugins.security.allow_default_init_securityindex", "true"),
    ("plugins.security.restapi.roles_enabled", "all_access"),
];
/// Elasticsearch's own.
const ELASTICSEARCH: [(&str, &str); 4] = [
    ("xpack.security.enabled", "true"),
    ("xpack.security.http.ssl.enabled", "false"),
    ("xpack.security.enrollment.enabled", "false"),
    // Loads models from the internet, and takes memory for them.
    ("xpack.ml.enabled", "false"),
];

pub(super) fn spec(
    flavour: Flavour,
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    if !flavour.supports(version) {
        return Err(Error::Unsupported {
            cluster: format!("{} '{}'", flavour.title(), version.escape_default()),
            reason: flavour.supported().to_owned(),
        });
    }
    let (image, command, password, administrator, data) = match flavour {
        Flavour::Opensearch => (
            format!("opensearchproject/opensearch:{version}"),
            Some(command()),
            "OPENSEARCH_INITIAL_ADMIN_PASSWORD",
            "windlass",
            "/usr/share/opensearch/data",
        ),
        Flavour::Elasticsearch => (
            format!("elasticsearch:{version}"),
            None,
            "ELASTIC_PASSWORD",
            "elastic",
            "/usr/share/elasticsearch/data",
        ),
    };
    let mut environment = vec![(password.to_owned(), administrator_password.clone())];
    let settings: Vec<(&str, &str)> = match flavour {
        Flavour::Opensearch => vec![
            ("DISABLE_INSTALL_DEMO_CONFIG", "true"),
            ("DISABLE_PERFORMANCE_ANALYZER_AGENT_CLI", "true"),
        ],
        // The image makes settings of such variables, and half of the container's memory the heap.
        Flavour::Elasticsearch => SETTINGS.into_iter().chain(ELASTICSEARCH).collect(),
    };
    environment.extend(
        settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), SecretString::from(value))),
    );
    Ok(ServerSpec {
        files: Vec::new(),
        image: ImageReference(image),
        port: PORT,
        command,
        environment,
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: data.to_owned(),
        }],
        administrator: administrator.to_owned(),
        // Twenty to forty seconds at rest: a virtual machine that loads a hundred libraries.
        start_deadline: Duration::from_mins(5),
        // Every index writes what it holds in memory.
        stop_grace: Duration::from_mins(1),
    })
}

fn command() -> Vec<String> {
    let settings = SETTINGS.into_iter().chain(OPENSEARCH);
    ["sh", "-c", START, "opensearch"]
        .map(str::to_owned)
        .into_iter()
        .chain(settings.map(|(name, value)| format!("-E{name}={value}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Flavour, spec};

    #[test]
    fn each_flavour_has_its_image_and_its_data() {
        for (flavour, version, image, data) in [
            (
                Flavour::Opensearch,
                "2.19.4",
                "opensearchproject/opensearch:2.19.4",
                "/usr/share/opensearch/data",
            ),
            (
                Flavour::Elasticsearch,
                "8.19.4",
                "elasticsearch:8.19.4",
                "/usr/share/elasticsearch/data",
            ),
        ] {
            let server = spec(flavour, version, &"secret".to_owned().into()).expect("known");
            assert_eq!(server.image.0, image);
            assert_eq!(server.volumes[0].path, data);
        }
    }

    #[test]
    fn other_versions_are_refused() {
        for version in ["", "1.3", "3", "latest", "2 --privileged", "2/../x"] {
            let password = "secret".to_owned().into();
            let error = spec(Flavour::Opensearch, version, &password).expect_err("not supported");
            let words = "versions 2.12 to 2.x are supported";
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
