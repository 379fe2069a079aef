//! The main job: an application with databases of its own, from the first push to the removal.

use crate::support::app::App;
use crate::support::database::{self, Login};
use crate::support::installation::Installation;
use crate::support::{docker, leftovers};

#[test]
fn databases_are_added_filled_detached_attached_again_and_removed() {
    let on = Installation::start();
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    app.windlass(&[
        "service",
        "add",
        "postgres-15-shared",
        "--prefix",
        "REPORTS",
    ])
    .good();
    assert_eq!(app.state("test", "DEFAULT"), "NEW");
    let plan = app.windlass(&["plan"]).good();
    assert!(
        plan.contains("+ service DEFAULT") && plan.contains("is provisioned and attached"),
        "{plan}"
    );

    let log = app.windlass(&["deploy", "test"]).good();
    assert!(
        log.contains("the table is there"),
        "the release command's output is in the log: {log}"
    );
    for prefix in ["DEFAULT", "REPORTS"] {
        assert_eq!(app.state("test", prefix), "ATTACHED");
    }
    let site = app.site("test");
    assert_eq!(site["version"], "1");
    assert_eq!(site["environment"]["STAGE"], "test");
    let default = &site["databases"]["DEFAULT_DATABASE_DSN"];
    let reports = &site["databases"]["REPORTS_DATABASE_DSN"];
    assert_eq!(default["notes"][0], "from test");
    assert!(
        reports["notes"].as_array().is_some_and(Vec::is_empty),
        "the other database is another one: {site}"
    );
    assert_ne!(default["database"], reports["database"]);
    assert_eq!(
        app.ask("live", "/").status,
        503,
        "nothing is deployed to live"
    );

    // Live has its own database, on a server of its own, made without any deployment.
    app.windlass(&["service", "add", "postgres-15-private", "-e", "live"])
        .good();
    app.windlass(&["service", "provision", "DEFAULT", "-e", "live"])
        .good();
    assert_eq!(app.state("live", "DEFAULT"), "PENDING_ATTACHMENT");
    app.deploy("live");
    let live = app.site("live");
    assert_eq!(live["environment"]["STAGE"], "live");
    assert_eq!(
        live["databases"]["DEFAULT_DATABASE_DSN"]["notes"][0],
        "from live"
    );
    let private = Login::of(
        &app.variable("live", "DEFAULT_DATABASE_DSN")
            .expect("a variable"),
    );
    private.works();

    // Detaching waits for a deployment; the data stays.
    let old = Login::of(
        &app.variable("test", "REPORTS_DATABASE_DSN")
            .expect("a variable"),
    );
    old.sql("CREATE TABLE kept AS SELECT 42 AS answer")
        .expect("the owner's database");
    app.windlass(&["service", "remove", "REPORTS", "--yes"])
        .refused(1, &["detach"]);
    app.windlass(&["service", "detach", "REPORTS"]).good();
    assert_eq!(app.state("test", "REPORTS"), "PENDING_DETACHMENT");
    old.works();
    app.windlass(&["service", "remove", "REPORTS", "--yes"])
        .refused(1, &["deploy"]);
    app.deploy("test");
    assert_eq!(app.state("test", "REPORTS"), "DETACHED");
    assert_eq!(app.variable("test", "REPORTS_DATABASE_DSN"), None);
    old.is_refused();
    assert_eq!(
        app.site("test")["databases"]["DEFAULT_DATABASE_DSN"]["notes"][0],
        "from test"
    );

    app.windlass(&["service", "attach", "REPORTS"]).good();
    app.deploy("test");
    let again = Login::of(
        &app.variable("test", "REPORTS_DATABASE_DSN")
            .expect("a variable"),
    );
    assert_ne!(again.user, old.user, "a binding has credentials of its own");
    assert_eq!(
        again.sql("SELECT answer FROM kept").as_deref(),
        Ok("42"),
        "the data is kept"
    );
    old.is_refused();
    leftovers::none(&on);

    // Removal destroys it: detached first, then confirmed.
    app.windlass(&["service", "detach", "REPORTS"]).good();
    app.deploy("test");
    app.windlass(&["service", "remove", "REPORTS"])
        .refused(1, &["--yes"]);
    app.windlass(&["service", "remove", "REPORTS", "--yes"])
        .good();
    let left = database::ours(&old.server);
    assert!(
        !left.iter().any(|line| line.contains(&old.database)),
        "{left:?}"
    );
    app.windlass(&["service", "show", "REPORTS"])
        .refused(1, &["REPORTS"]);
    leftovers::none(&on);

    // Everything of the application goes with it; the shared server stays.
    app.windlass(&["app", "remove", "--yes"]).good();
    assert_eq!(
        docker::containers(&on.id(), "process"),
        Vec::<String>::new()
    );
    assert!(
        docker::attempt(&["inspect", &private.server]).is_err(),
        "the private server is gone"
    );
    assert_eq!(database::ours(&old.server), Vec::<String>::new());
    leftovers::none(&on);
}
