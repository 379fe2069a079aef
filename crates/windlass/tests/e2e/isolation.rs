//! One environment reaches nothing of another.

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::docker;
use crate::support::installation::Installation;

/// Runs Python in a container of an application.
fn python(container: &str, code: &str) -> Result<String, String> {
    docker::attempt(&["exec", container, "python3", "-c", code])
}

/// From a container: whether a connection to that address is accepted.
fn connects(container: &str, host: &str, port: u16) -> bool {
    python(
        container,
        &format!("import socket; socket.create_connection(('{host}', {port}), 3)"),
    )
    .is_ok()
}

#[test]
fn environments_reach_neither_networks_nor_databases_of_others() {
    let on = Installation::start();
    let (one, two) = (App::create(&on, "one"), App::create(&on, "two"));
    for app in [&one, &two] {
        app.windlass(&["service", "add", "postgres-15-shared"])
            .good();
        app.windlass(&["service", "add", "postgres-15-private", "--prefix", "OWN"])
            .good();
        app.deploy("test");
    }
    let container = one.container("test");
    let mine = Login::of(
        &one.variable("test", "DEFAULT_DATABASE_DSN")
            .expect("a variable"),
    );
    let own = Login::of(
        &one.variable("test", "OWN_DATABASE_DSN")
            .expect("a variable"),
    );
    let theirs = Login::of(
        &two.variable("test", "DEFAULT_DATABASE_DSN")
            .expect("a variable"),
    );
    let private = Login::of(
        &two.variable("test", "OWN_DATABASE_DSN")
            .expect("a variable"),
    );

    // What is one's own is reached, so that the refusals below say something.
    assert!(connects(&container, "127.0.0.1", 8000), "itself");
    assert!(
        connects(&container, &mine.server, 5432),
        "the shared server by its name"
    );
    assert!(
        connects(&container, &own.server, 5432),
        "its private server by its name"
    );

    // Another's process and private server: neither by address nor by name.
    let process = two.container("test");
    for (what, server, port) in [
        ("process", process.as_str(), 8000),
        ("private server", private.server.as_str(), 5432),
    ] {
        assert!(
            !connects(&container, &docker::address(server), port),
            "another's {what} by its address"
        );
        assert!(
            !connects(&container, server, port),
            "another's {what} by its name"
        );
    }

    // Another's database on the shared server, with one's own credentials.
    assert_eq!(mine.server, theirs.server, "both are on the shared server");
    mine.works();
    theirs.works();
    let refused = mine
        .sql_in(&theirs.database, "SELECT 1")
        .expect_err("another's database is closed");
    assert!(refused.contains("permission denied"), "{refused}");
    let refused = mine
        .sql_in("postgres", "SELECT 1")
        .expect_err("the administrator's database is closed");
    assert!(refused.contains("permission denied"), "{refused}");
    for statement in [
        "CREATE ROLE intruder",
        "CREATE DATABASE intruder",
        "COPY (SELECT 1) TO PROGRAM 'id'",
    ] {
        assert!(mine.sql(statement).is_err(), "{statement} is refused");
    }
    assert!(
        mine.sql(&format!("SET ROLE {}", theirs.user)).is_err(),
        "another's role cannot be taken"
    );

    // No administrator's credentials anywhere in the application.
    let names: Vec<String> = docker::environment(&container)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert!(
        !names
            .iter()
            .any(|value| value.contains("postgres:") && value.contains("//postgres:")),
        "{names:?}"
    );
}
