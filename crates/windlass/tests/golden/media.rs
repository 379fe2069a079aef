//! What everybody may read: public and private, and under which names.

use crate::support::transcript::Transcript;
use crate::support::world::World;

#[test]
fn media() {
    let world = World::new();
    let mut user = Transcript::logged_in(&world);
    user.enter("shop");
    user.run(&["app", "create", "shop"]);
    user.run(&["service", "add", "postgres", "--public"]);
    user.run(&["service", "set-private", "DEFAULT"]);
    user.run(&["service", "provision", "DEFAULT"]);
    let domain = |domain| ["service", "set-domain", "DEFAULT", domain];
    user.run(&domain("media.example.com"));
    user.run(&["service", "set-public", "DEFAULT"]);
    user.both(&["service", "show", "DEFAULT"]);
    user.run(&domain("media.example.com:80"));
    user.run(&domain("shop-test.localhost"));
    user.run(&domain("Media.example.com"));
    user.run(&["service", "show", "DEFAULT"]);
    user.run(&[
        "service",
        "set-domain",
        "DEFAULT",
        "media.example.net",
        "--cdn",
    ]);
    user.run(&["service", "show", "DEFAULT"]);
    user.run(&["service", "unset-domain", "DEFAULT"]);
    user.json(&["service", "set-private", "DEFAULT"]);
    user.run(&["service", "set-public", "DEFAULT", "--detach"]);
    user.check("media.txt");
}
