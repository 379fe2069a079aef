//! The one who waits goes on waiting when the server is away for a while.

use std::process::Command;

use windlass_engine::simulated::{Fault, Method};

use crate::support::cli::WINDLASS;
use crate::support::gate::Gate;
use crate::support::terminal::Terminal;
use crate::support::transcript::Transcript;
use crate::support::world::{IMAGE, World};

#[test]
fn a_deployment_is_followed_over_a_lost_connection() {
    let world = World::new();
    Transcript::logged_in(&world).run(&["app", "create", "shop"]);
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let gate = Gate::before(world.url.trim_start_matches("http://"));
    let mut command = Command::new(WINDLASS);
    world.user.prepare(&mut command, &world.user.home);
    command
        .env("TERM", "dumb")
        .args(["deploy", "-a", "shop", "--image", IMAGE])
        .args(["--server", &gate.url(), "--token", &world.token]);
    let terminal = Terminal::start(&mut command, None);
    terminal.wait_for("----> Starting the new release");
    world.wait(world.engine.wait_until_hanging(Method::Ensure));
    gate.shut();
    terminal.wait_for("Trying to reach it");
    world.engine.poke();
    gate.open();
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    // Nothing is told twice, and nothing is left out.
    for line in [
        "----> Building the image",
        "----> Starting the new release",
        "Trying to reach it",
        "----> Checking the new release",
        "----> The deployment succeeded",
        "shop/test runs release 1",
    ] {
        assert_eq!(screen.matches(line).count(), 1, "'{line}': {screen}");
    }
}
