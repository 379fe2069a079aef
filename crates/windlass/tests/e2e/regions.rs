//! A region on another machine: reached by a route, with an engine that may stop to answer.

use std::fs;
use std::time::Duration;

use crate::support::app::App;
use crate::support::docker;
use crate::support::far::{self, FarMachine};
use crate::support::installation::Installation;
use crate::support::load::Load;

#[test]
fn a_region_on_another_machine_runs_applications_and_its_outage_is_its_own() {
    let far = FarMachine::start(&far::images());
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("regions.toml");
    let text = format!(
        "[far]\ndocker-socket = '{}'\nsubnet-pool = '{}'\noffer = ['postgres-15-shared']\n",
        far.socket().display(),
        far::POOL
    );
    fs::write(&file, text).expect("a file");
    let on = Installation::with(&["--regions", &file.to_string_lossy()]);
    let regions = on.user.windlass(&["regions"]).good();
    assert!(
        regions.contains("local") && regions.contains("far"),
        "{regions}"
    );

    let there = App::create_in(&on, "there", "far");
    there
        .windlass(&["service", "add", "postgres-15-private"])
        .refused(
            1,
            &["region 'far' does not offer 'postgres-15-private', which is offered in local"],
        );
    there
        .windlass(&["service", "add", "postgres-15-shared"])
        .good();
    there.deploy("test");
    let site = there.site("test");
    assert_eq!(
        site["version"], "1",
        "its release command wrote to the database"
    );
    let here = docker::list("container", &on.id(), "{{.Names}}");
    assert_eq!(here, Vec::<String>::new(), "nothing of it runs here");
    let containers = far.docker(&["ps", "--format", "{{.Names}}"]);
    assert_eq!(
        containers.lines().count(),
        2,
        "the process and the cluster: {containers}"
    );

    // Its engine answers nobody, which resolves names for its containers as well: its sites are served, and the
    // other region does not notice.
    let every = Duration::from_millis(100);
    let load = Load::start(on.sites(), &there.host("test"), "/ping", 2, every);
    far.hang(true);
    let own = App::create(&on, "own");
    own.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    own.deploy("test");
    own.push_version("2");
    own.deploy("test");
    assert_eq!(own.site("test")["version"], "2");
    far.hang(false);
    there.push_version("2");
    there.deploy("test");
    assert_eq!(there.site("test")["version"], "2");
    load.end();

    there.windlass(&["app", "remove", "there", "--yes"]).good();
    let left = far.docker(&["ps", "--all", "--format", "{{.Names}}"]);
    assert_eq!(
        left.lines().count(),
        1,
        "the shared cluster's server: {left}"
    );
}
