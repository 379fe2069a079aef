//! Brokers: registered, listed, refreshed, removed; what is refused.

use crate::support::transcript::Transcript;
use crate::support::world::World;

#[test]
fn brokers() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.both(&["broker", "list"]);
    let add = |name, url| ["broker", "add", name, url, "--user", "windlass"];
    user.run(&add("acme", "https://broker.example"));
    let with_password = |mut arguments: Vec<&'static str>| {
        arguments.push("--password-stdin");
        arguments
    };
    let added = |name, url| with_password(add(name, url).to_vec());
    let wrong = added("acme", "https://broker.example");
    user.with_input(&wrong, Some("wrong\n"));
    let spoilt = added("acme", "https://spoilt.example");
    user.with_input(&spoilt, Some("let me in\n"));
    let away = added("acme", "https://away.example");
    user.with_input(&away, Some("let me in\n"));
    let good = added("acme", "https://broker.example");
    user.with_input(&good, Some("let me in\n"));
    user.both(&["broker", "list"]);
    user.run(&["broker", "refresh", "acme"]);
    user.run(&["broker", "refresh", "other"]);
    let update = with_password(vec!["broker", "update", "acme"]);
    user.with_input(&update, Some("wrong\n"));
    user.run(&["broker", "update", "acme", "--profile", "native"]);
    user.enter("shop");
    user.run(&["app", "create", "shop"]);
    user.run(&["service", "add", "acme-mysql-small"]);
    user.run(&["broker", "remove", "acme"]);
    user.run(&["service", "remove", "DEFAULT", "--yes"]);
    user.run(&["broker", "remove", "acme"]);
    user.run(&["broker", "remove", "acme"]);
    user.check("brokers.txt");
}
