//! The administrator's first token is shown once, and taken once. The real server, without Docker: it is
//! needed for deployments only.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::machine::{Machine, stop};
use crate::support::terminal::Terminal;

#[test]
fn the_first_token_is_shown_once_and_taken_once() {
    let machine = Machine::new();
    let first = machine.start();
    first.wait_for("--first-token");
    let token = fs::read_to_string(machine.file()).expect("the file");
    let token = token.trim();
    let mode = fs::metadata(machine.file())
        .expect("the file")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let screen = stop(first);
    assert_eq!(screen.matches(token).count(), 1, "{screen}");
    let line = screen.lines().find(|line| line.contains(token));
    assert_eq!(
        line.map(str::trim),
        Some(token),
        "it is in no line of the log"
    );
    assert!(screen.contains("shown this once"), "{screen}");

    let second = machine.start();
    second.wait_for("waits in");
    machine.take().good();
    assert!(!machine.file().exists(), "it has been taken");
    machine.windlass(&["app", "list"]).good();
    machine.take().refused(1, &["token create"]);
    machine.windlass(&["app", "list"]).good();
    let in_use = machine.create();
    in_use.refused(1, &["another server", "stop that one first"]);
    let screen = stop(second);
    assert!(!screen.contains(token), "{screen}");

    let created = machine.create();
    assert!(created.err.contains("admin@localhost"), "{}", created.err);
    let new = created.good();
    let new = new.trim();
    assert!(new.starts_with("wl_") && new != token, "{new}");
    let third = machine.start();
    third.wait_for("token create");
    machine.windlass(&["app", "list"]).good();
    machine.windlass(&["app", "list", "--token", new]).good();
    machine
        .windlass(&["app", "list", "--token", "wl_other"])
        .refused(1, &["does not know this token"]);
    let screen = stop(third);
    assert!(!screen.contains(token) && !screen.contains(new), "{screen}");
    assert!(!machine.file().exists());
}

#[test]
fn the_first_token_is_in_no_log() {
    let machine = Machine::new();
    let log = machine.directory.path().join("log");
    let mut command = machine.server();
    // As a supervisor starts it.
    command.stdin(Stdio::null());
    command.stdout(Stdio::null());
    command.stderr(File::create(&log).expect("a file"));
    let mut server = command.spawn().expect("it starts");
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let written = loop {
        let written = fs::read_to_string(&log).expect("the log");
        if written.contains("--first-token") {
            break written;
        }
        assert!(std::time::Instant::now() < deadline, "{written}");
        assert_eq!(server.try_wait().expect("a child"), None, "{written}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    let token = fs::read_to_string(machine.file()).expect("the file");
    assert!(!written.contains(token.trim()), "{written}");
    machine.take().good();
    server.kill().expect("it runs");
    server.wait().expect("a child");
}

#[test]
fn a_first_start_that_fails_is_not_the_first_one() {
    let machine = Machine::new();
    let taken = TcpListener::bind(&machine.address).expect("the address");
    let (status, screen) = Terminal::start(&mut machine.server(), None).end();
    assert_eq!(status.code(), Some(2), "{screen}");
    assert!(
        screen.contains("is another server running there?"),
        "{screen}"
    );
    drop(taken);
    let first = machine.start();
    first.wait_for("shown this once");
    stop(first);
}

#[test]
fn a_token_is_made_where_a_store_is_and_nowhere_else() {
    let machine = Machine::new();
    machine.create().refused(1, &["there is no store in"]);
    assert!(!machine.state().exists(), "nothing was made");
}
