//! What Windlass stands on goes away in the middle: Docker, the database server, the disk.

use std::time::Duration;

use crate::support::app::App;
use crate::support::disk::SmallDisk;
use crate::support::docker;
use crate::support::installation::Installation;
use crate::support::operators::Operators;
use crate::support::proxy::DockerProxy;
use crate::support::{leftovers, wait};

/// Waits until the operation is at a step.
fn at_step(on: &Installation, operation: &str, step: &str) {
    wait::until(step, Duration::from_mins(1), || {
        let item = on.get(&format!("/apps/v3/operations/{operation}/"));
        let steps = item["steps"].as_array()?;
        let here = |known: &serde_json::Value| known["name"] == step && known["state"] == "started";
        steps.iter().any(here).then_some(())
    });
}

#[test]
fn docker_stopped_and_started_in_the_middle_costs_a_deployment_at_most() {
    let directory = tempfile::tempdir().expect("a directory");
    let proxy = DockerProxy::new(&directory.path().join("docker.sock"));
    let on = Installation::with(&["--docker-socket", proxy.path()]);
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    app.windlass(&["service", "add", "postgres-15-shared", "--prefix", "OTHER"])
        .good();
    app.deploy("test");
    let image = app.image("test");
    app.windlass(&["env-vars", "set", "SLOW_RELEASE=2"]).good();
    let watch = app.watch("test");

    for step in ["build", "release-commands", "health"] {
        app.windlass(&["service", "detach", "OTHER"]).good();
        let operation = app.begin_deployment("test", (step != "build").then_some(image.as_str()));
        at_step(&on, &operation, step);
        proxy.stop();
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(
            on.get("/health")["status"],
            "ok",
            "the server runs without Docker"
        );
        proxy.start();
        let ended = on.ended(&operation);
        let state = ended["state"].as_str().unwrap_or_default();
        eprintln!(
            "Docker stopped at {step}: {state}: {}",
            ended["error"]["message"]
        );
        match state {
            "succeeded" => app.windlass(&["service", "attach", "OTHER"]).good(),
            "rolled_back" => app.windlass(&["service", "cancel", "OTHER"]).good(),
            other => panic!("the operation ended {other}: {ended:#}"),
        };
        leftovers::none(&on);
    }

    // Nothing can be done while it is away, and that is what is said.
    proxy.stop();
    let said = app.windlass(&["deploy", "test", "--image", &image]);
    assert_ne!(said.code, 0);
    assert!(
        said.all().to_lowercase().contains("docker"),
        "{}",
        said.all()
    );
    proxy.start();
    wait::until("deployments work again", Duration::from_secs(30), || {
        (app.windlass(&["deploy", "test", "--image", &image]).code == 0).then_some(())
    });
    watch.end();
    assert_eq!(app.state("test", "OTHER"), "ATTACHED");
    leftovers::none(&on);
}

#[test]
fn a_database_server_that_is_away_is_named_and_nothing_is_lost() {
    let server = Operators::postgres();
    let on = Installation::with(&["--shared-cluster", &server.url()]);
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    wait::until(
        "the operator's server is up",
        Duration::from_mins(1),
        || (app.windlass(&["service", "provision", "DEFAULT"]).code == 0).then_some(()),
    );
    app.windlass(&["service", "add", "postgres-15-shared", "--prefix", "OLD"])
        .good();
    app.deploy("test");
    let image = app.image("test");
    assert_eq!(
        app.site("test")["databases"]["DEFAULT_DATABASE_DSN"]["notes"][0],
        "from test"
    );
    app.windlass(&["service", "detach", "OLD"]).good();
    app.windlass(&["deploy", "test", "--image", &image]).good();
    let container = app.container("test");

    docker::run(&["stop", "--time", "5", &server.container]);
    app.windlass(&["service", "add", "postgres-15-shared", "--prefix", "NEW"])
        .good();
    app.windlass(&["service", "provision", "NEW"])
        .refused(1, &["operator's cluster"]);
    assert_eq!(app.state("test", "NEW"), "NEW");
    app.windlass(&["service", "show", "NEW"])
        .good()
        .find("Last error")
        .expect("the reason is kept");
    app.windlass(&["deploy", "test", "--image", &image])
        .refused(1, &["operator's cluster"]);
    app.windlass(&["service", "remove", "OLD", "--yes"])
        .refused(1, &["operator's cluster"]);
    assert_eq!(
        app.state("test", "OLD"),
        "DETACHED",
        "nothing was destroyed"
    );
    assert_eq!(
        app.container("test"),
        container,
        "the application was left alone"
    );
    assert_eq!(app.ask("test", "/ping").status, 200);

    docker::run(&["start", &server.container]);
    wait::until("it is back", Duration::from_mins(1), || {
        (app.windlass(&["service", "provision", "NEW"]).code == 0).then_some(())
    });
    app.windlass(&["service", "attach", "OLD"]).good();
    app.windlass(&["deploy", "test", "--image", &image]).good();
    let site = app.site("test");
    for prefix in ["DEFAULT", "OLD", "NEW"] {
        let database = &site["databases"][format!("{prefix}_DATABASE_DSN")];
        assert!(database["user"].is_string(), "{prefix}: {site}");
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let disk = SmallDisk::mount(48);
    let on = Installation::with_state(Some(&disk.path().join("state")), &[]);
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    app.windlass(&["env-vars", "set", "E2E_VALUE=before", "SLOW_RELEASE=3"])
        .good();
    app.deploy("test");
    let image = app.image("test");
    let before = app.site("test");
    let watch = app.watch("test");

    disk.fill();
    // Large enough not to fit into what the store keeps in reserve.
    let large = "x".repeat(60_000);
    let said = wait::until("writes to the store fail", Duration::from_secs(20), || {
        let said = app.windlass(&["env-vars", "set", &format!("E2E_LARGE={large}")]);
        (said.code != 0).then_some(said)
    });
    said.refused(2, &["full"]);
    app.write("large", &large.repeat(20));
    app.on.user.git(&app.tree, &["add", "--all"]);
    app.on
        .user
        .git(&app.tree, &["commit", "--quiet", "--message", "large"]);
    let pushed = app
        .on
        .user
        .program(&app.tree, "git", &["push", "windlass", "main"], None);
    assert_ne!(pushed.code, 0, "{}", pushed.all());
    assert_eq!(
        app.json(&["env-vars", "get", "E2E_VALUE"])["value"],
        "before",
        "reading goes on"
    );
    assert_eq!(app.site("test"), before);

    // With room again, everything goes on without a restart.
    disk.make_room();
    app.windlass(&["env-vars", "set", "E2E_VALUE=after"]).good();
    app.on
        .user
        .git(&app.tree, &["push", "--quiet", "windlass", "main"]);

    // The disk fills up while a deployment runs: it ends once there is room, one way or the other.
    let operation = app.begin_deployment("test", Some(&image));
    at_step(&on, &operation, "release-commands");
    disk.fill();
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(app.site("test")["version"], "1");
    disk.make_room();
    let ended = on.ended(&operation);
    eprintln!(
        "a disk full in the middle: {}: {}",
        ended["state"], ended["error"]["message"]
    );
    assert!(
        ended["state"] == "succeeded" || ended["state"] == "rolled_back",
        "{ended:#}"
    );
    leftovers::none(&on);
    app.deploy("test");
    watch.end();
    assert_eq!(app.site("test")["environment"]["E2E_VALUE"], "after");
    leftovers::none(&on);
}
