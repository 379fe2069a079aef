//! The router under load: no request may fail while releases come and go, and while the server is dead.

use std::time::Duration;

use crate::support::app::App;
use crate::support::installation::Installation;
use crate::support::leftovers;
use crate::support::load::Load;

/// As many as the design says.
const DEPLOYMENTS: usize = 20;
const THREADS: usize = 4;
/// Of each thread: 200 requests a second together, for the application of the tests is Python.
const EVERY: Duration = Duration::from_millis(20);

#[test]
fn no_request_fails_over_twenty_deployments_and_a_kill_9() {
    let mut on = Installation::start();
    let (tree, image) = {
        let app = App::create(&on, "shop");
        app.deploy("test");
        let image = app.image("test");
        (app.tree, image)
    };
    let host = "shop-test.localhost";
    let load = Load::start(on.sites(), host, "/ping", THREADS, EVERY);
    // A slow request is under way at each switch: it is drained, not cut.
    let slow = Load::start(on.sites(), host, "/slow", 1, Duration::ZERO);
    for number in 0..DEPLOYMENTS {
        if number == DEPLOYMENTS / 2 {
            on.kill_server();
            std::thread::sleep(Duration::from_secs(1));
            on.start_server();
        }
        let app = App {
            on: &on,
            slug: "shop".to_owned(),
            tree: tree.clone(),
        };
        app.windlass(&["deploy", "test", "--image", &image]).good();
    }
    let sent = load.end();
    let slow = slow.end();
    eprintln!("{sent} requests and {slow} slow ones were answered over {DEPLOYMENTS} deployments");
    assert!(sent > 2_000, "there was load: {sent}");
    leftovers::none(&on);
}
