//! What exists and no row knows: there must be nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::installation::Installation;
use super::{database, docker, wait};

/// Longer than a build of another test takes.
const BUILD: Duration = Duration::from_mins(1);

/// Compares Docker and the shared PostgreSQL server with what the API says. Only while no operation runs.
#[track_caller]
pub(crate) fn none(on: &Installation) {
    let mut environments = Vec::new();
    let mut slugs = BTreeSet::new();
    for application in on.list("/apps/v3/applications/") {
        slugs.insert(text(&application["slug"]));
        environments.extend(on.list(&format!(
            "/apps/v3/environments/?application={}",
            text(&application["uuid"])
        )));
    }
    let mut instances = Vec::new();
    let mut releases = Vec::new();
    for environment in &environments {
        instances.extend(on.list(&format!(
            "/apps/v3/service-instances/?environment={}",
            text(&environment["uuid"])
        )));
        releases.extend(on.list(&format!(
            "/apps/v3/environments/{}/releases/",
            text(&environment["uuid"])
        )));
    }
    let private = instances
        .iter()
        .filter(|item| item["cluster"] == "private" && item["provisioned"] == true)
        .count();
    let images: BTreeSet<String> = releases
        .iter()
        .map(|release| text(&release["image"]))
        .collect();
    let found = Found::without_builds(&on.id(), &images);

    let running: BTreeSet<String> = releases
        .iter()
        .filter(|release| release["is_running"] == true)
        .map(|release| text(&release["uuid"]))
        .collect();
    assert_eq!(
        found.processes, running,
        "the containers are those of the running releases"
    );
    assert_eq!(found.release_commands, 0, "no release command is left");
    let known: BTreeSet<String> = environments
        .iter()
        .map(|environment| text(&environment["uuid"]))
        .collect();
    let unknown: Vec<_> = found.environment_networks.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "networks of no environment: {unknown:?}"
    );
    assert_eq!(
        found.cluster_networks,
        found.shared.len(),
        "one network for each shared server"
    );
    let images: BTreeSet<String> = found
        .shared
        .iter()
        .map(|name| docker::image(name))
        .collect();
    assert_eq!(
        images.len(),
        found.shared.len(),
        "one shared server for each type: {:?}",
        found.shared
    );
    assert_eq!(
        found.clusters - found.shared.len(),
        private,
        "private servers"
    );
    assert_eq!(found.volumes, found.clusters, "one volume for each server");
    let postgres = |server: &&String| docker::image(server).starts_with("postgres:");
    for server in found.shared.iter().filter(postgres) {
        let wanted: Vec<&Value> = instances
            .iter()
            .filter(|item| item["cluster"] == "shared" && item["provisioned"] == true)
            .filter(|item| text(&item["service_identifier"]).starts_with("postgres-"))
            .collect();
        assert_roles(server, &wanted);
    }
}

/// Each instance has its group and its database; each one that runs has one login besides.
#[track_caller]
fn assert_roles(server: &str, wanted: &[&Value]) {
    let ours = database::ours(server);
    let groups: BTreeSet<String> = ours
        .iter()
        .filter_map(|line| line.strip_prefix("role ")?.split_once(' '))
        .map(|(_, id)| id.to_owned())
        .collect();
    let ids: BTreeSet<String> = wanted.iter().map(|item| text(&item["uuid"])).collect();
    assert_eq!(groups, ids, "the group roles are those of the instances");
    let databases = ours
        .iter()
        .filter(|line| line.starts_with("database "))
        .count();
    assert_eq!(
        databases,
        wanted.len(),
        "one database for each instance: {ours:?}"
    );
    let logins = ours
        .iter()
        .filter(|line| line.starts_with("role ") && line.split(' ').count() == 2)
        .count();
    let running = wanted
        .iter()
        .filter(|item| item["in_running_release"] == true)
        .count();
    assert_eq!(
        logins, running,
        "one login for each instance of a running release: {ours:?}"
    );
}

/// What Docker has of an installation.
#[derive(Debug, Default)]
struct Found {
    /// The releases of the processes.
    processes: BTreeSet<String>,
    release_commands: usize,
    clusters: usize,
    /// The servers of shared clusters.
    shared: Vec<String>,
    environment_networks: BTreeSet<String>,
    cluster_networks: usize,
    volumes: usize,
    images: BTreeSet<String>,
    /// Containers of the steps of builds.
    builds: Vec<String>,
}

impl Found {
    /// What there is when no build is under way: no containers of its steps, and no images but those of
    /// releases. Bases with the machine's certificates are shared: while another test builds on one that we
    /// have made, its steps carry our label. Ours would stay.
    fn without_builds(installation: &str, images: &BTreeSet<String>) -> Self {
        let mut said = Vec::new();
        wait::until("the containers and images of builds go", BUILD, || {
            let found = Self::of(installation);
            let unknown = found.images.difference(images);
            let left: Vec<String> = found.builds.iter().chain(unknown).cloned().collect();
            if left.is_empty() {
                return Some(found);
            }
            if left != said {
                eprintln!("left of builds: {left:?}; images of releases: {images:?}");
                said = left;
            }
            None
        })
    }

    fn of(installation: &str) -> Self {
        let mut found = Self::default();
        let format = "{{.Label \"windlass.role\"}}\t{{.Label \"windlass.release\"}}\t{{.Label \"windlass.environment\"}}\t";
        let containers = docker::list(
            "container",
            installation,
            &format!("{format}{{{{.Names}}}}"),
        );
        let networks = docker::list("network", installation, &format!("{format}{{{{.Name}}}}"));
        let names: Vec<&str> = networks
            .iter()
            .filter_map(|line| line.rsplit('\t').next())
            .collect();
        for line in &containers {
            let [role, release, _, name] = fields(line);
            match role {
                "process" => drop(found.processes.insert(release.to_owned())),
                "release-command" => found.release_commands += 1,
                "cluster" => {
                    found.clusters += 1;
                    if names.contains(&name) {
                        found.shared.push(name.to_owned());
                    }
                }
                "image" => found.builds.push(docker::describe(name)),
                other => panic!("a container of the unknown role '{other}': {line}"),
            }
        }
        for line in &networks {
            let [role, _, environment, _] = fields(line);
            if role == "cluster" {
                found.cluster_networks += 1;
            } else {
                found.environment_networks.insert(environment.to_owned());
            }
        }
        found.volumes = docker::list("volume", installation, "{{.Name}}").len();
        found.images = images(installation);
        found
    }
}

/// The ids of the images that were built for environments. Bases with the machine's certificates are for
/// none, and neither is what another installation's builds leave that stand on one of ours.
fn images(installation: &str) -> BTreeSet<String> {
    let text = docker::run(&[
        "image",
        "ls",
        "--no-trunc",
        "--quiet",
        "--filter",
        &format!("label=windlass.installation={installation}"),
        "--filter",
        "label=windlass.environment",
    ]);
    text.lines().map(str::to_owned).collect()
}

fn fields(line: &str) -> [&str; 4] {
    let mut fields = line.split('\t');
    std::array::from_fn(|_| fields.next().unwrap_or_default())
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
