//! Events: hints, from now on, of our own containers.

use futures::StreamExt;

use super::fixture::{Fixture, Program};
use super::support::{DEADLINE, labels, workload};

/// Start, end and removal of what matches are reported, and nothing else.
pub async fn watch_reports_changes(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let earlier = workload(fixture, "earlier", Program::Sleep).await;
    engine.ensure(&earlier).await.expect("ensure");
    let mut filter = labels(fixture);
    filter = filter.with("windlass.process", "web");
    let mut events = engine.watch(&filter).await.expect("watch");
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    wanted.labels = wanted.labels.with("windlass.process", "web");
    engine.ensure(&wanted).await.expect("ensure");
    engine.remove(&earlier.name).await.expect("removal");
    engine.remove(&wanted.name).await.expect("removal");
    let mut actions = Vec::new();
    while actions.last().is_none_or(|action| action != "destroy") {
        let event = tokio::time::timeout(DEADLINE, events.next())
            .await
            .expect("an event in time");
        let event = event.expect("the stream goes on").expect("an event");
        assert_eq!(event.name, wanted.name, "{event:?}");
        assert!(event.labels.matches(&filter), "{event:?}");
        actions.push(event.action);
    }
    let at = |action: &str| actions.iter().position(|seen| seen == action);
    assert!(
        at("start").is_some() && at("start") < at("die") && at("die") < at("destroy"),
        "{actions:?}"
    );
}
