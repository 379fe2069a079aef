//! A service that runs elsewhere: its URL is kept and given to the application; nothing of it is made or destroyed.

use std::time::Duration;

use crate::support::app::App;
use crate::support::installation::Installation;
use crate::support::load::Load;
use crate::support::operators::Operators;
use crate::support::{docker, leftovers, wait};

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("types/app.py");
/// A server's first start, on a busy machine.
const UP: Duration = Duration::from_mins(2);
const DSN: &str = "OUTSIDE_DATABASE_DSN";

fn sql(server: &Operators, statement: &str) -> Result<String, String> {
    let arguments = [
        "exec",
        &server.container,
        "mariadb",
        "-uroot",
        "-pop/secret",
        "-N",
    ];
    docker::attempt(&[&arguments[..], &["-e", statement]].concat())
}

#[test]
fn what_the_user_gives_is_used_replaced_under_load_and_left_alone() {
    let server = Operators::mariadb();
    wait::until("the server elsewhere is up", UP, || {
        sql(&server, "CREATE DATABASE IF NOT EXISTS outside").ok()
    });
    for user in ["one", "two"] {
        let made = format!(
            "CREATE USER {user} IDENTIFIED BY 'pw/{user}'; GRANT ALL ON outside.* TO {user}"
        );
        sql(&server, &made).expect("a user");
    }
    let place = server.place(3306);
    let url = |user: &str| format!("mysql://{user}:pw%2F{user}@{place}/outside");
    let on = Installation::start();
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    let add = |url: &str| {
        app.windlass(&[
            "service", "add", "external", "--prefix", "OUTSIDE", "--url", url,
        ])
    };
    app.windlass(&["service", "add", "external", "--prefix", "OUTSIDE"])
        .refused(1, &["give one"]);
    add("pw/hush").refused(1, &["no URL"]);
    app.windlass(&["service", "add", "postgres", "--url", &url("one")])
        .refused(1, &["makes its own credentials"]);

    // Nobody answers there, or nobody may be sent there; it is as before.
    let nobody = place.replace(':', ".nip.invalid:");
    add(&format!("mysql://one:pw@{nobody}/outside")).good();
    let set = |url: &str| app.windlass(&["service", "set-url", "OUTSIDE", url]).good();
    for (wrong, words) in [
        (format!("mysql://one:hush@{nobody}/outside"), "no address"),
        ("mysql://one:hush@127.0.0.1:3306/outside".to_owned(), "own"),
    ] {
        set(&wrong);
        let said = app
            .windlass(&["service", "provision", "OUTSIDE"])
            .refused(1, &[words]);
        assert!(!said.contains("hush"), "{said}");
        assert_eq!(app.state("test", "OUTSIDE"), "NEW");
    }
    set(&url("one"));
    app.deploy("test");
    assert_eq!(
        app.variable("test", DSN).as_deref(),
        Some(url("one").as_str())
    );
    let put = app.ask("test", "/put/kept");
    assert_eq!(put.json()[DSN], "kept", "{}", put.text());
    let shown = app.json(&["service", "show", "OUTSIDE"]).to_string();
    assert!(shown.contains(DSN) && !shown.contains("pw%2F"), "{shown}");

    let load = Load::watch(on.sites(), "shop-test.localhost");
    set(&url("two"));
    assert_eq!(
        app.variable("test", DSN).as_deref(),
        Some(url("one").as_str())
    );
    app.windlass(&["service", "rotate", "OUTSIDE"]).good();
    assert_eq!(
        app.variable("test", DSN).as_deref(),
        Some(url("two").as_str())
    );
    assert_eq!(app.site("test")[DSN], "kept");
    load.end();

    app.windlass(&["service", "detach", "OUTSIDE"]).good();
    app.deploy("test");
    assert_eq!(app.variable("test", DSN), None);
    app.windlass(&["service", "remove", "OUTSIDE", "--yes"])
        .good();
    let kept = sql(&server, "SELECT value FROM outside.kept");
    assert_eq!(kept.as_deref(), Ok("kept"), "nothing is destroyed");
    leftovers::none(&on);
}
