//! Bad input gets a clear error, and nothing is lost.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::cli::User;
use crate::support::http::{self, Connection};
use crate::support::installation::Installation;
use crate::support::{docker, leftovers, wait};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

#[test]
fn bad_input_is_refused_with_words_and_codes() {
    let on = Installation::with(&["--health-timeout=4", "--release-command-timeout=6"]);
    tokens(&on);
    bodies(&on);
    let app = App::create(&on, "shop");
    names(&app);
    deployments(&app);
    sources(&app);
    second_server(&on);
    leftovers::none(&on);
}

/// Who is not let in.
fn tokens(on: &Installation) {
    for headers in [
        vec![],
        vec![("Authorization", "Token wrong")],
        vec![("Authorization", "nonsense")],
    ] {
        let answer = http::once(
            on.api_address(),
            "GET",
            "/apps/v3/applications/",
            "localhost",
            &headers,
            b"",
        )
        .expect("an answer");
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert_eq!(answer.json()["code"], "unauthenticated");
        let answer = http::once(
            on.api_address(),
            "GET",
            "/git/shop.git/info/refs?service=git-receive-pack",
            "localhost",
            &headers,
            b"",
        )
        .expect("an answer");
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(
            answer
                .header("www-authenticate")
                .is_some_and(|value| value.starts_with("Basic"))
        );
    }
    let stranger = User {
        home: on.directory().join("stranger"),
    };
    std::fs::create_dir(&stranger.home).expect("a directory");
    stranger
        .windlass(&["app", "list"])
        .refused(1, &["windlass login"]);
    stranger
        .windlass(&["login", "http://127.0.0.1:1", "--token", "x"])
        .refused(2, &["cannot be reached"]);
    stranger
        .windlass(&["login", &on.url(), "--token", "wrong"])
        .refused(1, &["token"]);
    stranger
        .windlass(&["no-such-verb"])
        .refused(1, &["no-such-verb"]);
    assert!(
        on.user
            .json(&["app", "list"])
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

/// What is not a request.
fn bodies(on: &Installation) {
    let path = "/apps/v3/applications/";
    let authorization = format!("Token {}", on.token());
    let post = |kind: &str, body: &[u8]| {
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", kind),
        ];
        http::once(on.api_address(), "POST", path, "localhost", &headers, body).expect("an answer")
    };
    let answer = post("application/json", b"{not json");
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("malformed")),
        "{}",
        answer.text()
    );
    let answer = post("application/json", b"[1, 2]");
    assert_eq!(answer.status, 400, "{}", answer.text());
    let answer = post("application/json", b"\xff\xfe");
    assert_eq!(answer.status, 400, "{}", answer.text());
    let large = vec![b' '; 2 * 1024 * 1024];
    let answer = post("application/json", &large);
    assert_eq!(answer.status, 413, "{}", answer.text());

    // Cut off: the connection ends before the body does.
    let mut cut = Connection::open(on.api_address()).expect("a connection");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
        ("Content-Length", "500"),
    ];
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    cut.send(format!("{head}\r\n{{\"slug\": \"half\", \"name\": \"half\"").as_bytes())
        .expect("sent");
    cut.finish().expect("cut");
    if let Ok(answer) = cut.receive() {
        assert_eq!(answer.status, 400, "{}", answer.text());
    }

    // Fields that are missing or of another type, and objects that are not there.
    let answer = on.call("POST", path, Some(&json!({"name": "only a name"})));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.json()["slug"].is_array(), "{}", answer.text());
    let answer = on.call("POST", path, Some(&json!({"slug": 5, "name": ["x"]})));
    assert_eq!(answer.status, 400, "{}", answer.text());
    for path in [
        format!("/apps/v3/applications/{NOBODY}/"),
        "/apps/v3/applications/no-id/".to_owned(),
        format!("/apps/v3/deployments/{NOBODY}/"),
        format!("/apps/v3/operations/{NOBODY}/"),
        format!("/apps/v3/service-instances/{NOBODY}/"),
        "/no/such/path/".to_owned(),
    ] {
        let answer = on.call("GET", &path, None);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(
            answer.json()["non_field_errors"].is_array(),
            "{path}: {}",
            answer.text()
        );
    }
    assert!(
        on.list("/apps/v3/applications/").is_empty(),
        "nothing was created"
    );
}

/// Names, prefixes and variables.
fn names(app: &App<'_>) {
    let user = &app.on.user;
    for name in ["Shop", "-shop", "a b", "x_y", ""] {
        user.windlass(&["app", "create", "--", name])
            .refused(1, &["slug"]);
    }
    user.windlass(&["app", "create", "shop"])
        .refused(1, &["shop"]);
    user.windlass(&["app", "show", "nothing"])
        .refused(1, &["nothing"]);
    app.windlass(&["env", "create", "Not Good"])
        .refused(1, &["slug"]);
    app.windlass(&["deploy", "nowhere"])
        .refused(1, &["nowhere"]);
    app.windlass(&["service", "add", "no-such-service"])
        .refused(1, &["no-such-service"]);
    for prefix in ["low er", "1ST", "A-B", ""] {
        app.windlass(&["service", "add", "postgres-15-shared", "--prefix", prefix])
            .refused(1, &["prefix"]);
    }
    app.windlass(&["service", "add", "postgres-15-shared"])
        .good();
    app.windlass(&["service", "add", "postgres-15-private"])
        .refused(1, &["DEFAULT"]);
    app.windlass(&["service", "detach", "DEFAULT"])
        .refused(1, &["not attached"]);
    app.windlass(&["env-vars", "set", "DEFAULT_DATABASE_DSN=x"])
        .refused(1, &["override"]);
    app.windlass(&["env-vars", "set", "1X=y"])
        .refused(1, &["1X"]);
    app.windlass(&["env-vars", "set", "nothing"])
        .refused(1, &["NAME=value"]);
    app.windlass(&["env-vars", "get", "NOTHING"])
        .refused(1, &["NOTHING"]);
    app.windlass(&["env-vars", "unset", "NOTHING"])
        .refused(1, &["NOTHING"]);
    // All or none: one bad name, and the good one is not set either.
    app.windlass(&["env-vars", "set", "GOOD=1", "BAD-ONE=2"])
        .refused(1, &["BAD-ONE"]);
    app.windlass(&["env-vars", "get", "GOOD"])
        .refused(1, &["GOOD"]);
    app.windlass(&["operations", "show", NOBODY])
        .refused(1, &["does not exist"]);
    app.windlass(&["operations", "retry", NOBODY])
        .refused(1, &["does not exist"]);
}

/// Deployments that cannot be, hang, or come together.
fn deployments(app: &App<'_>) {
    app.deploy("test");
    app.windlass(&["service", "remove", "DEFAULT", "--yes"])
        .refused(1, &["detach"]);
    let watch = app.watch("test");
    let image = app.image("test");

    // A release command that hangs ends with its time.
    app.windlass(&["env-vars", "set", "HANG_RELEASE=1"]).good();
    let operation = app.begin_deployment("test", Some(&image));
    wait::until("the release command runs", Duration::from_mins(1), || {
        (!docker::containers(&app.on.id(), "release-command").is_empty()).then_some(())
    });
    let second = app
        .windlass(&["deploy", "test"])
        .refused(1, &["still running"]);
    let first = app.json(&["deployments", "show"]);
    assert!(
        second.contains(first["uuid"].as_str().expect("an id")),
        "the first one is named: {second}"
    );
    app.windlass(&["app", "remove", "--yes"])
        .refused(1, &["still running"]);
    let ended = app.on.ended(&operation);
    assert_eq!(ended["state"], "rolled_back", "{ended:#}");
    assert!(
        ended["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("release")),
        "{ended:#}"
    );

    // One that is cancelled ends at once.
    let operation = app.begin_deployment("test", Some(&image));
    wait::until("the release command runs", Duration::from_mins(1), || {
        (!docker::containers(&app.on.id(), "release-command").is_empty()).then_some(())
    });
    app.windlass(&["deployments", "cancel"]).good();
    assert_eq!(app.on.ended(&operation)["state"], "rolled_back");
    assert_eq!(app.json(&["deployments", "show"])["status"], "CANCELLED");
    app.windlass(&["deployments", "cancel"])
        .refused(1, &["ended"]);
    app.windlass(&["env-vars", "unset", "HANG_RELEASE"]).good();
    leftovers::none(app.on);
    app.windlass(&["deploy", "test", "--image", &image]).good();
    watch.end();
}

/// Repositories that cannot be built.
fn sources(app: &App<'_>) {
    let empty = App::empty(app.on, "empty", &[]);
    empty.windlass(&["deploy"]).refused(1, &["empty", "push"]);
    empty.write("README", "no Dockerfile here");
    empty.push();
    empty.windlass(&["deploy"]).refused(1, &["Dockerfile"]);
    empty.windlass(&["env", "branch", "elsewhere"]).good();
    empty.windlass(&["deploy"]).refused(1, &["elsewhere"]);
    empty
        .windlass(&["deploy", "--image", "windlass-test/no-such:1"])
        .refused(1, &["windlass-test/no-such:1"]);
    empty
        .windlass(&["deploy", "--image=--privileged"])
        .refused(1, &["not the name of an image"]);
    empty
        .windlass(&["deploy", "--source", "/no/such/repository"])
        .refused(1, &["/no/such/repository"]);
    empty.windlass(&["deployments", "list"]).good();
    let slug = "no-such-application";
    let url = format!("{}/git/{slug}.git", app.on.url());
    let pushed = app
        .on
        .user
        .program(&empty.tree, "git", &["push", &url, "main"], None);
    assert_ne!(pushed.code, 0, "{}", pushed.all());
}

/// One state directory has one server.
fn second_server(on: &Installation) {
    let mut command = on.server_command("second.log");
    let status = command.status().expect("it starts");
    assert_eq!(status.code(), Some(2));
    let log = std::fs::read_to_string(on.directory().join("second.log")).expect("a log");
    assert!(
        log.contains("another") || log.contains("already"),
        "it says why: {log}"
    );
    let first: Value = on.get("/health");
    assert_eq!(first["status"], "ok");
}
