//! The regions of a server: that of its own machine, by options, and those of a file.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use windlass_platform::{ExternalCluster, RegionSettings, SubnetPool};

use crate::clusters;

/// A region, and the Docker Engine that it runs on.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) settings: RegionSettings,
    pub(crate) docker_socket: PathBuf,
}

/// The rights of others than a file's owner.
const OTHERS: u32 = 0o077;

/// A region of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    docker_socket: PathBuf,
    subnet_pool: String,
    domain: Option<String>,
    offer: Option<Vec<String>>,
    #[serde(default)]
    shared_clusters: BTreeMap<String, SecretString>,
}

/// The machine's own region and those of the file.
///
/// # Errors
/// The file cannot be read or understood, others may read the passwords in it, or two regions have one engine.
pub(crate) fn all(own: Region, file: Option<&Path>) -> anyhow::Result<Vec<Region>> {
    let mut regions = vec![own];
    if let Some(file) = file {
        let further = read(file, &regions[0].settings.domain);
        regions.extend(further.with_context(|| format!("the regions in {}", file.display()))?);
    }
    for (index, region) in regions.iter().enumerate() {
        let socket = place(&region.docker_socket);
        let mut before = regions[..index].iter();
        if let Some(other) = before.find(|other| place(&other.docker_socket) == socket) {
            bail!(
                "regions '{}' and '{}' are both on the Docker Engine at {}; a region has an engine of its own",
                other.settings.name,
                region.settings.name,
                socket.display()
            );
        }
    }
    Ok(regions)
}

/// Where a socket is by its shortest name; one that is not there yet is what it is called.
fn place(socket: &Path) -> PathBuf {
    fs::canonicalize(socket).unwrap_or_else(|_| socket.to_owned())
}

fn read(file: &Path, domain: &str) -> anyhow::Result<Vec<Region>> {
    let text = SecretString::from(fs::read_to_string(file)?);
    let entries: BTreeMap<String, Entry> =
        toml::from_str(text.expose_secret()).map_err(|error| {
            // The error's own text shows the line, and a password may be in it.
            let place = error.span().map_or(0, |span| span.start);
            let before = text.expose_secret().get(..place).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
    let has_passwords = entries
        .values()
        .any(|entry| !entry.shared_clusters.is_empty());
    ensure!(
        !has_passwords || fs::metadata(file)?.mode() & OTHERS == 0,
        "the passwords of your servers are in it, and others than its owner may read it: chmod 600 it"
    );
    let regions = entries
        .into_iter()
        .map(|(name, entry)| of_entry(&name, entry, domain));
    regions.collect()
}

fn of_entry(name: &str, entry: Entry, domain: &str) -> anyhow::Result<Region> {
    let pool: SubnetPool = entry
        .subnet_pool
        .parse()
        .with_context(|| format!("subnet-pool of '{name}'"))?;
    let named = entry.shared_clusters.iter();
    let external_clusters: anyhow::Result<Vec<ExternalCluster>> = named
        .map(|(serves, url)| clusters::of_url(serves, url.expose_secret()))
        .collect();
    Ok(Region {
        settings: RegionSettings {
            domain: entry.domain.unwrap_or_else(|| domain.to_owned()),
            offered: entry.offer,
            external_clusters: external_clusters
                .with_context(|| format!("shared-clusters of '{name}'"))?,
            subnet_pool: pool,
            name: name.to_owned(),
        },
        docker_socket: entry.docker_socket,
    })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const EU: &str = r#"
[eu]
docker-socket = "/nonexistent/eu.sock"
subnet-pool = "10.224.0.0/13"
domain = "eu.example.org"
offer = ["postgres"]
[eu.shared-clusters]
postgres-15 = "postgres://admin:hunter2@db.example.org"
"#;

    fn own() -> Region {
        Region {
            settings: RegionSettings::default(),
            docker_socket: PathBuf::from("/nonexistent/docker.sock"),
        }
    }

    fn with(text: &str, mode: u32) -> anyhow::Result<Vec<Region>> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), text).expect("written");
        fs::set_permissions(file.path(), Permissions::from_mode(mode)).expect("its mode");
        all(own(), Some(file.path()))
    }

    fn refusal(text: &str, mode: u32) -> String {
        let error = with(text, mode).expect_err(text);
        let message = format!("{error:#}");
        assert!(!message.contains("hunter2"), "{message}");
        message
    }

    #[test]
    fn a_file_adds_regions_behind_the_machines_own() {
        let regions = with(EU, 0o600).expect("it is understood");
        let names: Vec<&str> = regions
            .iter()
            .map(|region| region.settings.name.as_str())
            .collect();
        assert_eq!(names, ["local", "eu"]);
        let eu = &regions[1];
        assert_eq!(eu.settings.domain, "eu.example.org");
        assert_eq!(eu.settings.offered, Some(vec!["postgres".to_owned()]));
        assert_eq!(eu.settings.subnet_pool.to_string(), "10.224.0.0/13");
        assert_eq!(eu.settings.external_clusters[0].host, "db.example.org");

        let short = "[us]\ndocker-socket = '/nonexistent/us.sock'\nsubnet-pool = '10.240.0.0/13'";
        let us = &with(short, 0o644).expect("it has no password")[1];
        assert_eq!(us.settings.domain, "localhost", "the server's");
        assert_eq!(us.settings.offered, None, "all");
        assert_eq!(all(own(), None).expect("one region").len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_without_passwords() {
        let passwords = refusal(EU, 0o640);
        assert!(passwords.contains("chmod 600"), "{passwords}");
        let unknown = refusal(&EU.replace("offer", "offers"), 0o600);
        assert!(
            unknown.contains("line 6: unknown field `offers`"),
            "{unknown}"
        );
        let broken = refusal(&EU.replace("example.org\"\n", "example.org\n"), 0o600);
        assert!(broken.contains("line 5"), "{broken}");
        let pool = refusal(&EU.replace("10.224.0.0/13", "8.8.8.8/8"), 0o600);
        assert!(pool.contains("subnet-pool of 'eu'"), "{pool}");
        let url = refusal(&EU.replace("postgres://admin", "postgres//admin"), 0o600);
        assert!(url.contains("shared-clusters of 'eu'"), "{url}");
        let missing = all(own(), Some(Path::new("/nonexistent/regions.toml")));
        let missing = format!("{:#}", missing.expect_err("there is no such file"));
        assert!(missing.contains("/nonexistent/regions.toml"), "{missing}");
    }

    #[test]
    fn regions_have_engines_of_their_own() {
        let same = refusal(&EU.replace("eu.sock", "docker.sock"), 0o600);
        assert!(
            same.contains("regions 'local' and 'eu' are both on the Docker Engine"),
            "{same}"
        );
    }
}
