//! Networks: with our subnets, joined and left.

use super::fixture::{Fixture, Program};
use super::support::{
    assert_conflict, assert_not_found, attachment, inspect, labels, name, network, workload,
};
use crate::labels::{EPOCH, OPERATION};
use crate::observation::Phase;

/// A network is made once, with its subnet; another subnet or label, or a subnet that is taken, is a conflict.
pub async fn networks_are_idempotent(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let spec = network(fixture, "net", 1);
    engine
        .remove_network(&spec.name)
        .await
        .expect("removal of what is absent");
    engine.ensure_network(&spec).await.expect("network");
    let mut again = spec.clone();
    again.labels = again.labels.with(OPERATION, "second").with(EPOCH, 2);
    let (one, two) = tokio::join!(engine.ensure_network(&spec), engine.ensure_network(&again));
    one.expect("repeated network");
    two.expect("repeated network");
    assert_eq!(
        engine.networks(&labels(fixture)).await.expect("networks"),
        std::slice::from_ref(&spec)
    );

    let mut other = spec.clone();
    other.subnet = fixture.subnet(2);
    assert_conflict(engine.ensure_network(&other).await, "another subnet");
    let mut other = spec.clone();
    other.labels = other.labels.with("windlass.environment", "other");
    assert_conflict(engine.ensure_network(&other).await, "another label");
    assert_conflict(
        engine
            .ensure_network(&network(fixture, "overlapping", 1))
            .await,
        "a subnet that is taken",
    );
    assert_eq!(
        engine.networks(&labels(fixture)).await.expect("networks"),
        std::slice::from_ref(&spec)
    );
    let none = labels(fixture).with("windlass.environment", "none");
    assert_eq!(engine.networks(&none).await.expect("networks"), []);

    let (a, b) = (network(fixture, "twice", 3), network(fixture, "twice", 3));
    let (a, b) = tokio::join!(engine.ensure_network(&a), engine.ensure_network(&b));
    a.expect("one of two at once");
    b.expect("the other of two at once");
    assert_eq!(
        engine
            .networks(&labels(fixture))
            .await
            .expect("networks")
            .len(),
        2
    );

    for gone in [&spec.name, &name(fixture, "twice")] {
        engine.remove_network(gone).await.expect("removal");
        engine.remove_network(gone).await.expect("repeated removal");
    }
    assert_eq!(
        engine.networks(&labels(fixture)).await.expect("networks"),
        []
    );
}

/// A network is removed with our workloads in it, which run on without it.
pub async fn networks_go_with_workloads_in_them(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (first, second) = (network(fixture, "first", 1), network(fixture, "second", 2));
    engine.ensure_network(&first).await.expect("network");
    engine.ensure_network(&second).await.expect("network");
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    wanted.networks = vec![attachment(&first, "web"), attachment(&second, "web")];
    let made = engine.ensure(&wanted).await.expect("ensure");
    assert!(
        made.address(&first.name).is_some() && made.address(&second.name).is_some(),
        "{made:?}"
    );
    engine
        .remove_network(&second.name)
        .await
        .expect("removal with a workload in it");
    let left = inspect(fixture, &wanted.name).await;
    assert_eq!(left.phase, Phase::Running);
    assert_eq!(left.address(&first.name), made.address(&first.name));
    assert_eq!(left.address(&second.name), None);
}

/// Connecting and disconnecting are idempotent and show in the addresses.
pub async fn connect_and_disconnect(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let spec = network(fixture, "net", 1);
    let absent = network(fixture, "absent", 2);
    let wanted = workload(fixture, "cluster", Program::Sleep).await;
    engine.ensure_network(&spec).await.expect("network");
    assert_not_found(
        engine.connect(&wanted.name, &attachment(&spec, "db")).await,
        "container",
    );
    let made = engine.ensure(&wanted).await.expect("ensure");
    assert_eq!(made.addresses, [], "it asked for no network");
    assert_not_found(
        engine
            .connect(&wanted.name, &attachment(&absent, "db"))
            .await,
        "network",
    );

    engine
        .connect(&wanted.name, &attachment(&spec, "db"))
        .await
        .expect("connect");
    engine
        .connect(&wanted.name, &attachment(&spec, "db"))
        .await
        .expect("repeated connect");
    assert!(
        inspect(fixture, &wanted.name)
            .await
            .address(&spec.name)
            .is_some()
    );
    engine
        .disconnect(&wanted.name, &spec.name)
        .await
        .expect("disconnect");
    engine
        .disconnect(&wanted.name, &spec.name)
        .await
        .expect("repeated disconnect");
    assert_eq!(inspect(fixture, &wanted.name).await.addresses, []);
    engine
        .disconnect(&wanted.name, &absent.name)
        .await
        .expect("disconnect from what is absent");
    engine
        .disconnect(&name(fixture, "absent"), &spec.name)
        .await
        .expect("disconnect of what is absent");
}
