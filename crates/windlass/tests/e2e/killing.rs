//! kill -9 of the server at each step of what it does.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::gate::{At, Gate};
use crate::support::installation::Installation;
use crate::support::load::Load;
use crate::support::{leftovers, wait};

/// From the start of the new server to the first progress of what was interrupted.
const RESUME: Duration = Duration::from_secs(10);
/// Two looks at the sessions of replaced credentials, and time for a busy machine.
const REVOKED: Duration = Duration::from_mins(1);
/// A step that is over before it can be caught is tried again; more often than this, something is wrong.
const TRIES: usize = 12;

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
    let mut steps = Steps::new(&[
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
    ]);
    for round in 0.. {
        let Some(step) = steps.next() else {
            break;
        };
        let (old, new) = (format!("ROUND{round}"), format!("ROUND{}", round + 1));
        let operation = {
            let app = App::at(&on, &tree);
            app.windlass(&["service", "detach", &old]).good();
            app.windlass(&["service", "add", "postgres-15-shared", "--prefix", &new])
                .good();
            app.windlass(&["env-vars", "set", &format!("E2E_ROUND={round}")])
                .good();
            // Straight to the API: the command line's own end would be later than the first steps.
            let mut body = serde_json::json!({"environment": environment});
            if step == "build" {
                // The commit has an image already.
                body["build_mode"] = "FORCE".into();
            } else {
                body["image"] = image.clone().into();
            }
            let begun = on.call("POST", "/apps/v3/deployments/", Some(&body));
            assert_eq!(begun.status, 201, "{}", begun.text());
            begun.json()["operation"]
                .as_str()
                .expect("an operation")
                .to_owned()
        };
        steps.hit(&kill_at(&mut on, &operation, step));
        let app = App::at(&on, &tree);
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
    eprintln!("{sent} requests were answered meanwhile");
}

#[test]
fn a_rotation_goes_on_after_kill_9_at_each_step_that_is_its_own() {
    let mut on = Installation::start();
    let tree = {
        let app = App::create(&on, "shop");
        app.windlass(&["service", "add", "postgres-15-shared"])
            .good();
        app.deploy("test");
        app.tree
    };
    let watch = Load::watch(on.sites(), "shop-test.localhost");
    let mut steps = Steps::new(&["credentials", "bind", "switch", "revoke"]);
    while let Some(step) = steps.next() {
        let dsn = |on: &Installation| {
            let dsn = App::at(on, &tree).variable("test", "DEFAULT_DATABASE_DSN");
            Login::of(&dsn.expect("a variable"))
        };
        let old = dsn(&on);
        let instance = App::at(&on, &tree).json(&["service", "show", "DEFAULT"]);
        let instance = instance["uuid"].as_str().expect("an id");
        let path = format!("/apps/v3/service-instances/{instance}/rotate/");
        let begun = on.call("POST", &path, Some(&serde_json::json!({})));
        assert_eq!(begun.status, 201, "{}", begun.text());
        let operation = begun.json()["operation"].as_str().map(str::to_owned);
        let operation = operation.expect("an operation");
        steps.hit(&kill_at(&mut on, &operation, step));
        let new = dsn(&on);
        assert_ne!(old.user, new.user);
        new.works();
        wait::until("the old user is gone", REVOKED, || {
            old.sql("SELECT 1").is_err().then_some(())
        });
        old.is_refused();
        leftovers::none(&on);
    }
    watch.end();
}

#[test]
fn a_provisioning_and_a_removal_go_on_after_kill_9_at_each_step() {
    let mut on = Installation::start();
    let tree = App::create(&on, "shop").tree;
    for service in ["postgres-15-shared", "postgres-15-private"] {
        let mut making = Steps::new(&["cluster", "provision"]);
        let mut removing = Steps::new(&["cluster", "destroy", "remove-cluster"]);
        loop {
            let (made_at, removed_at) = match (making.next(), removing.next()) {
                (None, None) => break,
                (made, removed) => (made.unwrap_or("provision"), removed.unwrap_or("destroy")),
            };
            App::at(&on, &tree)
                .windlass(&["service", "add", service])
                .good();
            let begun = App::at(&on, &tree).json(&["service", "provision", "DEFAULT", "--detach"]);
            making.hit(&kill_at(&mut on, &id(&begun), made_at));
            let app = App::at(&on, &tree);
            assert_eq!(app.state("test", "DEFAULT"), "PENDING_ATTACHMENT");
            leftovers::none(&on);

            let begun = app.json(&["service", "remove", "DEFAULT", "--yes", "--detach"]);
            removing.hit(&kill_at(&mut on, &id(&begun), removed_at));
            let app = App::at(&on, &tree);
            assert_eq!(app.json(&["service", "list"]), serde_json::json!([]));
            leftovers::none(&on);
        }
    }
}

#[test]
fn the_removal_of_an_application_goes_on_after_kill_9_at_each_step() {
    let mut on = Installation::start();
    let mut steps = Steps::new(&[
        "cluster",
        "unroute",
        "stop",
        "destroy",
        "remove-cluster",
        "removed",
        "clean-up",
    ]);
    for round in 0.. {
        let Some(step) = steps.next() else {
            break;
        };
        let begun = {
            let app = App::create(&on, &format!("shop{round}"));
            app.windlass(&["service", "add", "postgres-15-shared"])
                .good();
            // A server of its own takes a while to come and to go: where that is what is looked at.
            if step == "remove-cluster" {
                app.windlass(&["service", "add", "postgres-15-private", "--prefix", "OWN"])
                    .good();
            }
            app.deploy("test");
            app.json(&["app", "remove", "--yes", "--detach"])
        };
        steps.hit(&kill_at(&mut on, &id(&begun), step));
        assert_eq!(on.user.json(&["app", "list"]), serde_json::json!([]));
        leftovers::none(&on);
        for kept in ["repositories", "deployment-logs"] {
            let left = std::fs::read_dir(on.state.join(kept)).expect("a directory");
            // Where the builder works is there as long as the server.
            let left: Vec<_> = left
                .filter_map(Result::ok)
                .filter(|entry| entry.file_name() != "tmp")
                .collect();
            assert!(left.is_empty(), "{kept}: {left:?}");
        }
    }
}

/// The steps of an operation at which the server is still to be killed.
struct Steps {
    left: Vec<&'static str>,
    tries: usize,
}

impl Steps {
    fn new(steps: &[&'static str]) -> Self {
        Self {
            left: steps.to_vec(),
            tries: 0,
        }
    }

    /// The next to be tried.
    fn next(&self) -> Option<&'static str> {
        self.left.first().copied()
    }

    fn hit(&mut self, at: &At) {
        let before = self.left.len();
        self.left.retain(|step| *step != at.name());
        self.tries = if self.left.len() < before {
            0
        } else {
            self.tries + 1
        };
        assert!(
            self.tries < TRIES,
            "{:?} was over {TRIES} times before it was caught",
            self.next()
        );
    }
}

/// The id of an operation.
fn id(operation: &Value) -> String {
    operation["uuid"].as_str().expect("an operation").to_owned()
}

/// Kills the server when the operation is at the step, or past it where the step was too quick to be
/// caught, starts it again, and waits for the end, which must be good. Gives where it was.
fn kill_at(on: &mut Installation, operation: &str, step: &str) -> At {
    let path = format!("/apps/v3/operations/{operation}/");
    let mut gate = Gate::open(&on.state);
    let at = gate.catch(operation, step);
    on.kill_server();
    let over = |item: &Value| item["state"] == "succeeded";
    // What the API gives may be from before the kill: only the new server's log says that it goes on.
    let logged = on.server_log().len();
    gate.open_again();
    let started = Instant::now();
    on.start_server();
    wait::until(
        &format!("the operation goes on after a kill at {}", at.name()),
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
        "wanted {step}, killed at {}, went on after {resumed:?}, ended after {:?}",
        at.name(),
        started.elapsed()
    );
    assert!(over(&ended), "{ended:#}");
    at
}
