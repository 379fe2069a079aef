//! kill -9 of the server at each step of what it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::app::App;
use crate::support::installation::Installation;
use crate::support::load::Load;
use crate::support::{leftovers, wait};

/// From the start of the new server to the first progress of what was interrupted.
const RESUME: Duration = Duration::from_secs(10);
/// Steps that take long enough to be hit for certain: they wait for Docker or PostgreSQL.
const CERTAIN: [&str; 6] = [
    "provision",
    "build",
    "release-commands",
    "start",
    "health",
    "retire",
];

#[test]
fn a_deployment_goes_on_after_kill_9_at_each_step() {
    let mut on = Installation::start();
    let (tree, image, environment) = {
        let app = App::create(&on, "shop");
        app.windlass(&["service", "add", "postgres-15-shared"])
            .good();
        app.windlass(&["service", "add", "postgres-15-shared", "--prefix", "ROUND0"])
            .good();
        app.deploy("test");
        let image = app.image("test");
        let environment = app.environment_id("test");
        (app.tree, image, environment)
    };
    let host = "shop-test.localhost";
    let watch = Load::watch(on.sites(), host);
    let mut hit = BTreeMap::new();
    let steps = [
        "cluster",
        "provision",
        "credentials",
        "bind",
        "build",
        "prepare",
        "release-commands",
        "start",
        "health",
        "switch",
        "publish",
        "drain",
        "retire",
        "revoke",
    ];
    for (round, step) in steps.iter().enumerate() {
        let (old, new) = (format!("ROUND{round}"), format!("ROUND{}", round + 1));
        let operation = {
            let app = App {
                on: &on,
                slug: "shop".to_owned(),
                tree: tree.clone(),
            };
            app.windlass(&["service", "detach", &old]).good();
            app.windlass(&["service", "add", "postgres-15-shared", "--prefix", &new])
                .good();
            app.windlass(&["env-vars", "set", &format!("E2E_ROUND={round}")])
                .good();
            // Straight to the API: the command line's own end would be later than the first steps.
            let mut body = serde_json::json!({"environment": environment});
            if *step != "build" {
                body["image"] = image.clone().into();
            }
            let begun = on.call("POST", "/apps/v3/deployments/", Some(&body));
            assert_eq!(begun.status, 201, "{}", begun.text());
            begun.json()["operation"]
                .as_str()
                .expect("an operation")
                .to_owned()
        };
        let at = kill_at(&mut on, &operation, step);
        *hit.entry(at).or_insert(0) += 1;
        let app = App {
            on: &on,
            slug: "shop".to_owned(),
            tree: tree.clone(),
        };
        assert_eq!(
            app.site("test")["environment"]["E2E_ROUND"],
            round.to_string().as_str()
        );
        assert_eq!(app.state("test", &old), "DETACHED");
        assert_eq!(app.state("test", &new), "ATTACHED");
        leftovers::none(&on);
        // The next round has a detached one less to carry.
        app.windlass(&["service", "remove", &old, "--yes"]).good();
    }
    let sent = watch.end();
    eprintln!("killed at {hit:?}; {sent} requests were answered meanwhile");
    for step in CERTAIN {
        assert!(hit.contains_key(step), "no kill hit '{step}': {hit:?}");
    }
}

#[test]
fn a_removal_goes_on_after_kill_9_at_each_step() {
    let mut on = Installation::start();
    let tree = App::create(&on, "shop").tree;
    let mut hit = BTreeMap::new();
    for service in ["postgres-15-shared", "postgres-15-private"] {
        for step in ["cluster", "destroy", "remove-cluster"] {
            let operation = {
                let app = App {
                    on: &on,
                    slug: "shop".to_owned(),
                    tree: tree.clone(),
                };
                app.windlass(&["service", "add", service]).good();
                app.windlass(&["service", "provision", "DEFAULT"]).good();
                let begun = app.json(&["service", "remove", "DEFAULT", "--yes", "--detach"]);
                begun["uuid"].as_str().expect("an operation").to_owned()
            };
            *hit.entry(kill_at(&mut on, &operation, step)).or_insert(0) += 1;
            let app = App {
                on: &on,
                slug: "shop".to_owned(),
                tree: tree.clone(),
            };
            assert_eq!(app.json(&["service", "list"]), serde_json::json!([]));
            leftovers::none(&on);
        }
    }
    eprintln!("killed at {hit:?}");
    assert!(
        hit.contains_key("remove-cluster"),
        "no kill hit the removal of a private server: {hit:?}"
    );
}

/// Kills the server once the operation is at the step, or past it where the step was too quick to be
/// seen, starts it again, and waits for the end, which must be good. Gives the step that was hit.
fn kill_at(on: &mut Installation, operation: &str, step: &str) -> String {
    let path = format!("/apps/v3/operations/{operation}/");
    let before = wait::until(step, Duration::from_mins(1), || {
        let item = on.get(&path);
        let reached = begun(&item).is_some_and(|(index, _)| index >= position(&item, step))
            || item["state"] == "succeeded";
        reached.then_some(item)
    });
    on.kill_server();
    let at = begun(&before).map_or_else(|| "the end".to_owned(), |(_, name)| name);
    let over = |item: &Value| item["state"] == "succeeded";
    // What the API gives may be from before the kill: only the new server's log says that it goes on.
    let logged = on.server_log().len();
    let started = Instant::now();
    on.start_server();
    wait::until(
        &format!("the operation goes on after a kill at {at}"),
        RESUME,
        || {
            let decided = on.server_log()[logged..]
                .lines()
                .any(|line| line.contains(operation) && line.contains("decided next="));
            (decided || over(&on.get(&path))).then_some(())
        },
    );
    let resumed = started.elapsed();
    assert!(resumed < RESUME, "it took {resumed:?} to go on");
    let ended = on.ended(operation);
    eprintln!(
        "wanted {step}, killed at {at}, went on after {resumed:?}, ended after {:?}",
        started.elapsed()
    );
    assert!(over(&ended), "{ended:#}");
    at
}

/// The last step that has begun and is not done.
fn begun(operation: &Value) -> Option<(usize, String)> {
    let steps = operation["steps"].as_array()?;
    let (index, step) = steps
        .iter()
        .enumerate()
        .rfind(|(_, step)| step["state"] == "started")?;
    Some((index, kind(step)))
}

fn position(operation: &Value, step: &str) -> usize {
    let steps = operation["steps"].as_array().expect("steps");
    steps
        .iter()
        .position(|known| kind(known) == step)
        .expect("the operation has the step")
}

/// `provision` of `provision:<id>`.
fn kind(step: &Value) -> String {
    step["name"]
        .as_str()
        .and_then(|name| name.split(':').next())
        .unwrap_or_default()
        .to_owned()
}
