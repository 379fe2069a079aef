//! The life of an application: every verb that reads, for people and for programs.

use crate::support::transcript::Transcript;
use crate::support::world::World;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\nEXPOSE 8000\n";

#[test]
fn life_cycle() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.enter("shop");
    user.run(&[
        "app",
        "create",
        "shop",
        "--title",
        "The shop",
        "--release-command",
        "migrate=python manage.py migrate",
    ]);
    user.both(&["app", "list"]);
    user.both(&["app", "show"]);
    user.both(&["env", "list"]);
    nothing_yet(&mut user);
    before_the_first_release(&mut user);
    user.push(DOCKERFILE);
    user.both(&["plan"]);
    user.run(&["deploy"]);
    after_the_first_release(&world, &mut user);
    detached(&mut user);
    removed(&mut user);
    user.check("life_cycle.txt");
}

fn nothing_yet(user: &mut Transcript<'_>) {
    user.both(&["service", "list"]);
    user.both(&["deployments", "list"]);
    user.run(&["deployments", "show"]);
    user.both(&["releases"]);
    user.run(&["logs"]);
    user.both(&["plan", "live"]);
}

fn before_the_first_release(user: &mut Transcript<'_>) {
    user.run(&["service", "add", "postgres"]);
    user.json(&["service", "add", "postgres-15-private", "--prefix", "STATS"]);
    user.run(&["service", "usage", "STATS"]);
    user.run(&["service", "provision", "STATS"]);
    user.both(&["service", "usage", "STATS"]);
    user.both(&["service", "list"]);
    user.both(&["service", "show", "DEFAULT"]);
    user.run(&["env-vars", "set", "GREETING=Good day", "COLOUR=blue"]);
    user.run(&["env-vars", "set", "--secret", "API_KEY=open-sesame"]);
    user.run(&["env-vars", "set", "MOTTO=first\nsecond"]);
    user.both(&["env-vars", "list"]);
    user.run(&["env-vars", "get", "GREETING"]);
    user.run(&["env-vars", "get", "API_KEY"]);
    user.run(&["env-vars", "get", "DATABASE_URL"]);
    user.json(&["env-vars", "get", "GREETING"]);
    user.run(&["env-vars", "unset", "MOTTO"]);
}

fn after_the_first_release(world: &World, user: &mut Transcript<'_>) {
    user.both(&["service", "list"]);
    user.both(&["deployments", "list"]);
    user.both(&["deployments", "show"]);
    user.both(&["deployments", "logs", "1"]);
    user.both(&["releases"]);
    let operations = user.both(&["operations", "list"]);
    let newest = operations[0]["uuid"].as_str().expect("an id").to_owned();
    user.both(&["operations", "show", &newest]);
    user.run(&["app", "show"]);
    user.run(&["plan"]);
    let containers = world.engine.snapshot().containers;
    let web = containers.iter().find(|(name, _)| name.contains("-web-"));
    let (web, _) = web.unwrap_or_else(|| panic!("the web process runs: {containers:?}"));
    world.engine.print(web, "listening on 8000");
    world.engine.print(web, "GET / 200");
    user.run(&["logs", "--tail", "2"]);
    user.run(&["logs", "--tail", "2", "--json"]);
}

fn detached(user: &mut Transcript<'_>) {
    user.run(&["service", "detach", "STATS"]);
    user.run(&["service", "cancel", "STATS"]);
    user.run(&["service", "detach", "STATS"]);
    user.run(&["service", "rename", "DEFAULT", "MAIN"]);
    user.run(&["service", "variables-for", "MAIN", "laravel"]);
    user.run(&["service", "variables-for", "MAIN", "libpq"]);
    user.run(&["service", "list"]);
    user.both(&["plan"]);
    user.run(&["deploy", "test"]);
    user.run(&["service", "show", "STATS"]);
    user.run(&["rollback", "test", "1"]);
    user.run(&["service", "attach", "STATS"]);
    user.json(&["deploy", "--image", crate::support::world::IMAGE]);
    user.run(&["rollback", "test", "1"]);
    user.both(&["releases"]);
    user.run(&["env", "create", "staging", "--branch", "next"]);
    user.run(&["env", "branch", "main", "-e", "staging"]);
    user.run(&["env", "list"]);
    user.run(&["app", "release-commands"]);
}

fn removed(user: &mut Transcript<'_>) {
    user.run(&["service", "remove", "STATS", "--yes"]);
    user.run(&[
        "service",
        "add",
        "postgres",
        "--prefix",
        "SPARE",
        "--variables-for",
        "libpq",
        "-e",
        "live",
    ]);
    user.run(&["service", "show", "SPARE", "-e", "live"]);
    user.run(&["service", "variables-for", "SPARE", "none", "-e", "live"]);
    user.run(&["service", "remove", "SPARE", "-e", "live"]);
    user.run(&["service", "remove", "SPARE", "-e", "live", "--yes"]);
    user.run(&["env-vars", "unset", "--all"]);
    user.run(&["env-vars", "unset", "--all", "--yes"]);
    user.run(&["env-vars", "unset", "--all", "--yes"]);
    user.run(&["app", "remove"]);
    user.run(&["app", "remove", "--yes"]);
    user.both(&["operations", "list", "--limit", "3"]);
    user.run(&["app", "list"]);
    user.run(&["service", "list"]);
    user.run(&["logout"]);
    user.run(&["logout"]);
    user.run(&["app", "list"]);
}
