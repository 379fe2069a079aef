//! Builds: images from a Dockerfile, failures with their reason.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::archive::archive;
use super::fixture::{BuildCase, Fixture, Program};
use super::support::{DEADLINE, assert_conflict, build_request, drain, inspect, name, workload};
use crate::error::Error;
use crate::image::{BuildRequest, ImageId, ImageReference};

/// How long a hanging build is let go on before it is dropped: it must have begun.
const HANGING: Duration = Duration::from_secs(3);

fn request(fixture: &dyn Fixture, suffix: &str, case: BuildCase) -> BuildRequest {
    build_request(
        fixture,
        suffix,
        archive(&[("Dockerfile", &fixture.dockerfile(case))]),
    )
}

async fn build(fixture: &dyn Fixture, suffix: &str, case: BuildCase) -> Result<ImageId, Error> {
    let (output, _receiver) = mpsc::channel(1000);
    fixture
        .engine()
        .build(request(fixture, suffix, case), output)
        .await
}

/// An image comes out, known by its tag, that runs; a repeated build is fine.
pub async fn builds_make_images(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (output, mut receiver) = mpsc::channel(1000);
    let wanted = request(fixture, "built", BuildCase::Succeeds);
    let tag = wanted.tag.clone();
    let id = engine.build(wanted, output).await.expect("build");
    let lines = drain(&mut receiver);
    assert!(
        lines.iter().any(|line| line.text.contains("EXPOSE")),
        "the steps are shown: {lines:?}"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.at_millis.is_none() && !line.text.ends_with('\n')),
        "{lines:?}"
    );
    assert_eq!(engine.image(&tag).await.expect("image"), Some(id.clone()));
    assert_eq!(
        engine.exposed_ports(&id).await.expect("exposed ports"),
        [80, 7001]
    );
    assert_eq!(
        engine.build_triggers(&id).await.expect("build triggers"),
        ["RUN true", "RUN :"]
    );
    let mut runs = workload(fixture, "web", Program::Sleep).await;
    runs.image = id.clone();
    let made = engine.ensure(&runs).await.expect("ensure");
    assert_eq!(
        (made.exposed_ports.as_slice(), &made.image),
        ([80, 7001].as_slice(), &id)
    );
    assert_eq!(
        made.labels, runs.labels,
        "the labels of the image are not the container's"
    );
    engine
        .remove_image(&tag)
        .await
        .expect("removal of what is in use is success");
    let by_id = ImageReference(id.0.clone());
    assert_eq!(
        engine.image(&by_id).await.expect("image"),
        Some(id.clone()),
        "and leaves the image"
    );
    engine.remove(&runs.name).await.expect("removal");
    engine.remove_image(&tag).await.expect("removal by name");
    engine.remove_image(&by_id).await.expect("removal by id");
    assert_eq!(engine.image(&by_id).await.expect("image"), None);
}

/// The same name with another image is a conflict.
pub async fn ensure_of_another_image_conflicts(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let other = build(fixture, "other", BuildCase::Succeeds)
        .await
        .expect("build");
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    let made = engine.ensure(&wanted).await.expect("ensure");
    wanted.image = other.clone();
    assert_conflict(engine.ensure(&wanted).await, "another image");
    assert_eq!(inspect(fixture, &wanted.name).await, made);
    let taken = ImageReference(format!("{}:1", name(fixture, "other")));
    assert_conflict(
        engine.tag(&made.image, &taken).await,
        "a name of another image",
    );
    assert_eq!(engine.image(&taken).await.expect("image"), Some(other));
}

/// A build that fails says why and leaves no image.
pub async fn builds_fail_with_their_reason(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (output, mut receiver) = mpsc::channel(1000);
    let wanted = request(fixture, "broken", BuildCase::Fails);
    let tag = wanted.tag.clone();
    let Err(Error::BuildFailed(why)) = engine.build(wanted, output).await else {
        panic!("it must fail as a build")
    };
    let said = drain(&mut receiver)
        .iter()
        .any(|line| line.text.contains("broken on purpose"));
    assert!(said || why.contains("broken on purpose"), "{why}");
    assert_eq!(engine.image(&tag).await.expect("image"), None);
}

/// A context that cannot be read, or holds no Dockerfile or a meaningless one, fails the build.
pub async fn builds_of_unreadable_contexts_fail(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let mut wanted = request(fixture, "cut", BuildCase::Succeeds);
    let start = Bytes::from(vec![0; 100]);
    let broken = vec![
        Ok(start),
        Err(std::io::Error::other("the repository went away")),
    ];
    wanted.context = futures::stream::iter(broken).boxed();
    let answer = engine.build(wanted, mpsc::channel(16).0).await;
    assert!(
        matches!(&answer, Err(Error::BuildFailed(why)) if why.contains("the repository went away")),
        "{answer:?}"
    );

    let empty = build_request(fixture, "empty", archive(&[("README", "nothing to build")]));
    let answer = engine.build(empty, mpsc::channel(16).0).await;
    assert!(
        matches!(&answer, Err(Error::BuildFailed(why)) if why.contains("Dockerfile")),
        "{answer:?}"
    );
}

/// A receiver that is gone or never reads does not fail the build.
pub async fn builds_outlive_their_reader(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (output, receiver) = mpsc::channel(1);
    drop(receiver);
    engine
        .build(request(fixture, "unread", BuildCase::Succeeds), output)
        .await
        .expect("build");
    let (output, _receiver) = mpsc::channel(1);
    let building = engine.build(request(fixture, "stuck", BuildCase::Succeeds), output);
    tokio::time::timeout(DEADLINE, building)
        .await
        .expect("an end in time")
        .expect("build");
}

/// A build whose caller goes away leaves no image, and the next one works.
pub async fn dropped_builds_leave_the_engine_usable(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = request(fixture, "hanging", BuildCase::Hangs);
    let tag = wanted.tag.clone();
    let answer = tokio::time::timeout(HANGING, engine.build(wanted, mpsc::channel(1000).0)).await;
    assert!(answer.is_err(), "it must not end by itself: {answer:?}");
    assert_eq!(engine.image(&tag).await.expect("image"), None);
    build(fixture, "next", BuildCase::Succeeds)
        .await
        .expect("the next build");
}
