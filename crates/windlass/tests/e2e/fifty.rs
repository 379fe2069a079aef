//! Many instances at once on one shared cluster, with the server killed in between.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::installation::Installation;
use crate::support::{leftovers, wait};

const COUNT: usize = 50;
/// For all of them together, two restarts of the server included.
const PATIENCE: Duration = Duration::from_mins(8);

#[test]
fn fifty_instances_are_made_and_removed_at_once_while_the_server_is_killed_twice() {
    fifty("postgres-15-shared");
}

#[cfg(feature = "long")]
#[test]
fn fifty_of_mariadb() {
    fifty("mariadb-10.11-shared");
}

#[cfg(feature = "long")]
#[test]
fn fifty_of_rabbitmq() {
    fifty("rabbitmq-3.10-shared");
}

#[cfg(feature = "long")]
#[test]
fn fifty_of_object_storage() {
    fifty("s3-2.5-shared");
}

fn fifty(service: &str) {
    let mut on = Installation::start();
    let environment = App::empty(&on, "shop", &[]).environment_id("test");
    let path = format!("/apps/v3/service-instances/?environment={environment}");
    for number in 0..COUNT {
        let body = json!({
            "environment": environment,
            "service": service,
            "prefix": format!("P{number}"),
        });
        let added = on.call("POST", "/apps/v3/service-instances/", Some(&body));
        assert_eq!(added.status, 201, "{}", added.text());
    }
    let ids: Vec<(String, String)> = on
        .list(&path)
        .iter()
        .map(|item| (text(&item["uuid"]), text(&item["prefix"])))
        .collect();
    assert_eq!(ids.len(), COUNT);

    for (id, _) in &ids {
        let path = format!("/apps/v3/service-instances/{id}/provision/");
        let begun = on.call("POST", &path, None);
        assert_eq!(begun.status, 202, "{}", begun.text());
    }
    let provisioned = |on: &Installation| {
        let items = on.list(&path);
        items
            .iter()
            .filter(|item| item["service_status"] == "PENDING_ATTACHMENT")
            .count()
    };
    killed_at(&mut on, &[COUNT / 5, COUNT / 2], provisioned);
    wait::until("all are provisioned", PATIENCE, || {
        (provisioned(&on) == COUNT).then_some(())
    });
    all_well(&on);
    let items = on.list(&path);
    let clusters: BTreeSet<String> = items.iter().map(|item| text(&item["cluster"])).collect();
    assert_eq!(clusters, BTreeSet::from(["shared".to_owned()]));
    leftovers::none(&on);

    for (id, prefix) in &ids {
        let path = format!("/apps/v3/service-instances/{id}/?confirm={prefix}");
        let begun = on.call("DELETE", &path, None);
        assert_eq!(begun.status, 202, "{}", begun.text());
    }
    let removed = |on: &Installation| COUNT - on.list(&path).len();
    killed_at(&mut on, &[COUNT / 5, COUNT / 2], removed);
    wait::until("all are removed", PATIENCE, || {
        (removed(&on) == COUNT).then_some(())
    });
    all_well(&on);
    leftovers::none(&on);
}

/// Kills the server each time so many are done, and starts it again.
fn killed_at(on: &mut Installation, counts: &[usize], done: impl Fn(&Installation) -> usize) {
    for count in counts {
        let at = wait::until("some are done", PATIENCE, || {
            let done = done(on);
            (done >= *count).then_some(done)
        });
        on.kill_server();
        eprintln!("killed when {at} of {COUNT} were done");
        on.start_server();
    }
}

/// Every operation has succeeded.
#[track_caller]
fn all_well(on: &Installation) {
    wait::until("no operation is under way", PATIENCE, || {
        let running = on.get("/apps/v3/operations/?state=running");
        running["results"].as_array()?.is_empty().then_some(())
    });
    for state in ["rolled_back", "needs_attention", "abandoned"] {
        let found = on.get(&format!("/apps/v3/operations/?state={state}"));
        assert_eq!(found["results"], json!([]), "{state}");
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
