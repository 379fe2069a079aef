//! Deployments that fail: the old release answers all the while, as it was.

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::installation::Installation;
use crate::support::leftovers;

/// A way to fail, and what is said of it.
struct Way {
    name: &'static str,
    /// The step that fails.
    step: &'static str,
    /// What the user reads.
    words: &'static [&'static str],
    /// The variable that makes it fail; the Dockerfile does without.
    variable: Option<&'static str>,
}

const WAYS: [Way; 5] = [
    Way {
        name: "build",
        step: "build",
        words: &["returned a non-zero code: 7", "nothing has changed"],
        variable: None,
    },
    Way {
        name: "release",
        step: "release-commands",
        words: &[
            "release command 'migrate' failed with exit code 4",
            "the migration fails",
        ],
        variable: Some("FAIL_RELEASE"),
    },
    Way {
        name: "crash",
        step: "health",
        words: &["not healthy", "CRASH is set, good-bye"],
        variable: Some("CRASH"),
    },
    Way {
        name: "health",
        step: "health",
        words: &["not healthy", "status 500"],
        variable: Some("FAIL_HEALTH"),
    },
    Way {
        name: "port",
        step: "health",
        words: &["not healthy", "port 8000"],
        variable: Some("NO_PORT"),
    },
];

#[test]
fn a_failed_deployment_changes_nothing_and_the_same_mended_succeeds() {
    let on = Installation::with(&["--health-timeout=4"]);
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    app.windlass(&[
        "service",
        "add",
        "postgres-15-shared",
        "--prefix",
        "BEFORE0",
    ])
    .good();
    app.windlass(&["env-vars", "set", "E2E_VALUE=value0"])
        .good();
    app.deploy("test");
    let watch = app.watch("test");
    for (number, way) in WAYS.iter().enumerate() {
        fails_and_is_mended(&app, number, way);
    }
    watch.end();
    leftovers::none(&on);
}

fn fails_and_is_mended(app: &App, number: usize, way: &Way) {
    eprintln!("---- {}", way.name);
    let (old, new) = (format!("BEFORE{number}"), format!("BEFORE{}", number + 1));
    let before = app.site("test");
    let login = Login::of(
        &app.variable("test", &format!("{old}_DATABASE_DSN"))
            .expect("a variable"),
    );
    let container = app.container("test");

    // A detachment, an addition and a changed variable wait for the deployment that fails.
    app.windlass(&["service", "detach", &old]).good();
    app.windlass(&["service", "add", "postgres-15-shared", "--prefix", &new])
        .good();
    let value = format!("value{}", number + 1);
    app.windlass(&["env-vars", "set", &format!("E2E_VALUE={value}")])
        .good();
    match way.variable {
        Some(name) => drop(
            app.windlass(&["env-vars", "set", &format!("{name}=1")])
                .good(),
        ),
        None => app.push_dockerfile(false),
    }
    // Only one of the ways is about the build; the others need none.
    let image = app.image("test");
    let deploy = match way.variable {
        Some(_) => vec!["deploy", "test", "--image", &image],
        None => vec!["deploy", "test"],
    };
    app.windlass(&deploy).refused(1, way.words);

    let failed = app.json(&["deployments", "show"]);
    assert_eq!(failed["status"], "FAILED", "{failed}");
    assert_eq!(failed["failed_step"], way.step, "{failed}");
    assert_eq!(
        app.site("test"),
        before,
        "the old release answers with its variables and databases"
    );
    assert_eq!(app.container("test"), container, "it is the same container");
    login.works();
    assert_eq!(
        app.state("test", &old),
        "PENDING_DETACHMENT",
        "the wish stays"
    );
    assert_eq!(
        app.state("test", &new),
        "PENDING_ATTACHMENT",
        "the new instance is kept"
    );
    leftovers::none(app.on);

    // The same deployment, mended.
    match way.variable {
        Some(name) => drop(app.windlass(&["env-vars", "unset", name]).good()),
        None => app.push_dockerfile(true),
    }
    app.windlass(&deploy).good();
    let after = app.site("test");
    assert_eq!(after["environment"]["E2E_VALUE"], value.as_str());
    assert!(
        after["databases"][format!("{new}_DATABASE_DSN")].is_object(),
        "{after}"
    );
    assert!(
        after["databases"][format!("{old}_DATABASE_DSN")].is_null(),
        "{after}"
    );
    assert_eq!(app.state("test", &old), "DETACHED");
    assert_eq!(app.state("test", &new), "ATTACHED");
    login.is_refused();
}
