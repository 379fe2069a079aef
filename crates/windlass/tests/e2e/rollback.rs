//! Rolling back: image, variables and bindings of the release, or a refusal before anything is touched.

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::installation::Installation;
use crate::support::leftovers;

#[test]
fn a_rollback_restores_image_variables_and_bindings_or_is_refused() {
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
    app.windlass(&["env-vars", "set", "E2E_VALUE=first"]).good();
    app.windlass(&["env-vars", "set", "E2E_SECRET=s3cret", "--secret"])
        .good();
    app.deploy("test");
    let first = app.site("test");
    let login = Login::of(
        &app.variable("test", "REPORTS_DATABASE_DSN")
            .expect("a variable"),
    );

    app.windlass(&[
        "env-vars",
        "set",
        "E2E_VALUE=second",
        "E2E_SECRET=other",
        "E2E_NEW=1",
    ])
    .good();
    app.push_version("2");
    app.deploy("test");
    let second = app.site("test");
    assert_eq!(
        (
            second["version"].as_str(),
            second["environment"]["E2E_VALUE"].as_str()
        ),
        (Some("2"), Some("second"))
    );

    let watch = app.watch("test");
    app.windlass(&["rollback", "test", "1"]).good();
    assert_eq!(
        app.site("test"),
        first,
        "image, variables and databases are those of release 1"
    );
    login.works();
    let releases = app.json(&["releases"]);
    assert_eq!(releases[0]["number"], 3);
    assert_eq!(releases[0]["is_running"], true);
    assert_eq!(releases[0]["rollback_of"], releases[2]["uuid"]);

    // And forward again.
    app.windlass(&["rollback", "test", "2"]).good();
    assert_eq!(app.site("test"), second);
    watch.end();

    // A release whose service is gone cannot be had: refused before anything is touched.
    app.windlass(&["service", "detach", "REPORTS"]).good();
    app.deploy("test");
    app.windlass(&["service", "remove", "REPORTS", "--yes"])
        .good();
    let (before, container) = (app.site("test"), app.container("test"));
    let count = app.json(&["deployments", "list"]).as_array().map(Vec::len);
    app.windlass(&["rollback", "test", "1"])
        .refused(1, &["REPORTS", "removed"]);
    app.windlass(&["rollback", "test", "99"])
        .refused(1, &["99"]);
    assert_eq!(app.site("test"), before);
    assert_eq!(app.container("test"), container);
    assert_eq!(
        app.json(&["deployments", "list"]).as_array().map(Vec::len),
        count,
        "no deployment was begun"
    );
    leftovers::none(&on);
}
