//! What is not ours is neither changed nor removed, whatever is asked.

use std::time::Duration;

use super::fixture::{Fixture, Foreign, Program};
use super::support::{assert_conflict, attachment, labels, name, network, workload};
use crate::contract::LogOptions;
use crate::workload::Mount;

/// A foreign container.
pub async fn foreign_containers_are_left_alone(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let spec = network(fixture, "net", 1);
    engine.ensure_network(&spec).await.expect("network");
    let wanted = workload(fixture, "web", Program::Sleep).await;
    let theirs = wanted.name.as_str();
    fixture.make_foreign(Foreign::Container, theirs).await;
    assert_conflict(engine.ensure(&wanted).await, "ensure");
    let (output, _receiver) = tokio::sync::mpsc::channel(16);
    assert_conflict(engine.run(&wanted, output).await, "run");
    assert_conflict(engine.stop(theirs).await, "stop");
    assert_conflict(engine.remove(theirs).await, "remove");
    assert_conflict(
        engine.connect(theirs, &attachment(&spec, "x")).await,
        "connect",
    );
    assert_conflict(engine.disconnect(theirs, &spec.name).await, "disconnect");
    let command = fixture.command(&Program::Exit(0));
    assert_conflict(
        engine
            .exec(theirs, &command, None, Duration::from_secs(30))
            .await,
        "exec",
    );
    assert_conflict(
        engine.logs(theirs, &LogOptions::default()).await.map(drop),
        "logs",
    );
    assert_eq!(
        engine
            .observe(&crate::Labels::new())
            .await
            .expect("observe"),
        [],
        "only our own are listed"
    );
    assert!(fixture.is_untouched(Foreign::Container, theirs).await);
}

/// A foreign network.
pub async fn foreign_networks_are_left_alone(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let spec = network(fixture, "net", 200);
    fixture.make_foreign(Foreign::Network, &spec.name).await;
    assert_conflict(engine.ensure_network(&spec).await, "ensure_network");
    assert_conflict(engine.remove_network(&spec.name).await, "remove_network");
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    wanted.networks = vec![attachment(&spec, "web")];
    assert_conflict(engine.ensure(&wanted).await, "a workload in it");
    wanted.networks.clear();
    engine.ensure(&wanted).await.expect("ensure");
    assert_conflict(
        engine
            .connect(&wanted.name, &attachment(&spec, "web"))
            .await,
        "connect",
    );
    assert_eq!(
        engine
            .networks(&crate::Labels::new())
            .await
            .expect("networks"),
        [],
        "only our own are listed"
    );
    assert!(fixture.is_untouched(Foreign::Network, &spec.name).await);
}

/// A foreign volume.
pub async fn foreign_volumes_are_left_alone(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let data = name(fixture, "data");
    fixture.make_foreign(Foreign::Volume, &data).await;
    assert_conflict(
        engine.ensure_volume(&data, &labels(fixture)).await,
        "ensure_volume",
    );
    assert_conflict(engine.remove_volume(&data).await, "remove_volume");
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    wanted.mounts = vec![Mount {
        volume: data.clone(),
        path: "/data".to_owned(),
    }];
    assert_conflict(engine.ensure(&wanted).await, "a workload with it");
    assert_eq!(
        engine
            .volumes(&crate::Labels::new())
            .await
            .expect("volumes"),
        [],
        "only our own are listed"
    );
    assert!(fixture.is_untouched(Foreign::Volume, &data).await);
}
