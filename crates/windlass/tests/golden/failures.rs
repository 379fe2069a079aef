//! What is refused, what fails, and what waits for an operator.

use windlass_engine::simulated::{Fault as EngineFault, Method};
use windlass_services::simulated::{Call, Fault, Refusal};

use crate::support::transcript::Transcript;
use crate::support::world::World;

const GOOD: &str = "FROM debian:bookworm-slim\nEXPOSE 8000\n";

#[test]
fn refusals() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.run(&["no-such-verb"]);
    user.run(&["deploy", "--image", "a", "--source", "b"]);
    user.run(&["app", "create", "Not Good"]);
    user.enter("shop");
    user.run(&["app", "create", "shop"]);
    user.run(&["app", "create", "shop"]);
    user.run(&["deploy"]);
    user.run(&["deploy", "nowhere"]);
    user.run(&["service", "add", "no-such-service"]);
    user.run(&["service", "catalogue", "--region", "mars"]);
    user.run(&["service", "add", "postgres", "--prefix", "low er"]);
    user.run(&["service", "add", "postgres"]);
    user.run(&["service", "add", "postgres"]);
    user.run(&["service", "detach", "DEFAULT"]);
    user.run(&["service", "show", "OTHER"]);
    user.run(&["env-vars", "set", "no-value"]);
    user.run(&["env-vars", "set", "1X=y", "GOOD=1"]);
    user.run(&["env-vars", "set", "DATABASE_URL=x"]);
    user.run(&["env-vars", "get", "NOTHING"]);
    user.run(&["env-vars", "unset"]);
    user.run(&["deployments", "show", "7"]);
    user.run(&["rollback", "test", "7"]);
    user.run(&["operations", "show", "01890000-0000-7000-8000-000000000000"]);
    user.run(&["operations", "list", "--state", "asleep"]);
    user.run(&[
        "app",
        "show",
        "--server",
        "http://127.0.0.1:1",
        "--token",
        "x",
    ]);
    user.check("refusals.txt");
}

#[test]
fn failed_deployments() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.enter("shop");
    user.run(&[
        "app",
        "create",
        "shop",
        "--release-command",
        "migrate=false",
    ]);
    user.remark("The build fails.");
    user.push(&format!("{GOOD}# simulated: fail no such package\n"));
    user.run(&["deploy"]);
    user.both(&["deployments", "show"]);
    user.remark("The release command fails.");
    user.push(&format!("{GOOD}# simulated: run 3\n"));
    user.run(&["deploy"]);
    user.remark("The new release crashes.");
    user.push(&format!("{GOOD}# simulated: crash 1\n"));
    user.run(&["app", "release-commands"]);
    user.json(&["deploy"]);
    user.remark("The service cannot be provisioned.");
    user.run(&["service", "add", "postgres"]);
    world
        .driver
        .fault(Call::Provision, Fault::Before(Refusal::Full));
    user.run(&["service", "provision", "DEFAULT"]);
    user.both(&["service", "show", "DEFAULT"]);
    user.remark("A start that hangs is cancelled.");
    user.push(GOOD);
    world.engine.plan(Method::Ensure, EngineFault::HangBefore);
    user.run(&["deploy", "--detach"]);
    world.wait(world.engine.wait_until_hanging(Method::Ensure));
    user.run(&["deploy"]);
    user.run(&["app", "remove", "--yes"]);
    user.run(&["deployments", "cancel"]);
    user.run(&["deployments", "logs"]);
    user.run(&["deployments", "cancel"]);
    user.run(&["deployments", "list"]);
    user.check("failed_deployments.txt");
}

/// The pauses between the attempts take about ten seconds.
#[test]
fn operations_that_need_attention() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.enter("shop");
    user.run(&["app", "create", "shop"]);
    user.run(&["service", "add", "postgres"]);
    user.push(GOOD);
    user.run(&["deploy"]);
    user.run(&["service", "detach", "DEFAULT"]);
    for _ in 0..5 {
        world
            .driver
            .fault(Call::Unbind, Fault::Before(Refusal::Unauthorized));
    }
    user.run(&["deploy"]);
    user.run(&["operations", "list"]);
    let waiting = world
        .user
        .json(&["operations", "list", "--state", "needs_attention"]);
    let id = waiting[0]["uuid"].as_str().expect("an id").to_owned();
    user.both(&["operations", "show", &id]);
    user.run(&["operations", "skip", &id, "no-such-step", "--reason", "x"]);
    user.run(&["operations", "abandon", &id, "--reason", "no time"]);
    user.run(&["operations", "retry", &id]);
    user.run(&["operations", "retry", &id]);
    user.run(&["operations", "list", "--state", "needs_attention"]);
    user.run(&["deployments", "show"]);
    user.check("attention.txt");
}
