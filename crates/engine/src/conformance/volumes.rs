//! Volumes: removed by name only.

use super::fixture::{Fixture, Program};
use super::support::{assert_conflict, assert_refused, labels, name, workload};
use crate::labels::{EPOCH, OPERATION, ROLE};
use crate::workload::Mount;

/// A volume is made once; other labels are a conflict.
pub async fn volumes_are_idempotent(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (data, wanted) = (name(fixture, "data"), labels(fixture).with(ROLE, "volume"));
    engine
        .remove_volume(&data)
        .await
        .expect("removal of what is absent");
    engine.ensure_volume(&data, &wanted).await.expect("volume");
    engine
        .ensure_volume(&data, &wanted)
        .await
        .expect("repeated volume");
    let again = wanted.clone().with(OPERATION, "second").with(EPOCH, 2);
    engine
        .ensure_volume(&data, &again)
        .await
        .expect("repeated volume by another operation");
    let other = wanted.clone().with("windlass.cluster", "other");
    assert_conflict(engine.ensure_volume(&data, &other).await, "another label");
    assert_eq!(
        engine.volumes(&labels(fixture)).await.expect("volumes"),
        [(data.clone(), wanted)]
    );
    let none = labels(fixture).with("windlass.cluster", "none");
    assert_eq!(engine.volumes(&none).await.expect("volumes"), []);
    engine.remove_volume(&data).await.expect("removal");
    engine.remove_volume(&data).await.expect("repeated removal");
    assert_eq!(engine.volumes(&labels(fixture)).await.expect("volumes"), []);
}

/// A volume stays when its container goes, and does not go while a container needs it.
pub async fn volumes_outlive_containers(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let data = name(fixture, "data");
    engine
        .ensure_volume(&data, &labels(fixture))
        .await
        .expect("volume");
    let mut wanted = workload(fixture, "cluster", Program::Sleep).await;
    wanted.mounts = vec![Mount {
        volume: data.clone(),
        path: "/data".to_owned(),
    }];
    engine.ensure(&wanted).await.expect("ensure");
    assert_refused(
        engine.remove_volume(&data).await,
        "removing a volume in use",
    );
    engine.remove(&wanted.name).await.expect("removal");
    assert_eq!(
        engine.volumes(&labels(fixture)).await.expect("volumes"),
        [(data.clone(), labels(fixture))]
    );
    engine
        .ensure(&wanted)
        .await
        .expect("ensure on the same volume");
    engine.remove(&wanted.name).await.expect("removal");
    engine
        .remove_volume(&data)
        .await
        .expect("removal of the volume");
}
