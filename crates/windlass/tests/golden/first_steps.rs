//! Before anything is there: logins, empty lists, names that lead nowhere.

use crate::support::transcript::Transcript;
use crate::support::world::World;

#[test]
fn first_steps() {
    let world = World::new();
    let mut user = Transcript::new(&world);
    user.run(&["app", "list"]);
    user.run(&["login", &world.url]);
    user.with_input(&["login", &world.url], Some("wrong\n"));
    user.run(&["login", "http://127.0.0.1:1", "--token", "x"]);
    user.with_input(&["login", &world.url], Some(&world.token));
    user.both(&["app", "list"]);
    user.both(&["operations", "list"]);
    user.run(&["env", "list"]);
    user.run(&["app", "show", "shop"]);
    user.both(&["service", "catalogue", "-a", "shop"]);
    user.run(&["app", "create", "shop"]);
    user.check("first_steps.txt");
}
