//! Builds and images: nothing left over, nothing mistaken for ours.

use std::collections::HashMap;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use futures::StreamExt;
use tokio::sync::mpsc;
use windlass_engine::conformance::archive;
use windlass_engine::{BuildRequest, Engine, Error, ImageId, ImageReference, Workload};

use crate::support::{BASE, FOREIGN, Place, wait_until};

fn request(place: &Place, suffix: &str, dockerfile: &str) -> BuildRequest {
    let tar = archive(&[("Dockerfile", dockerfile), ("hello", "from the context")]);
    BuildRequest {
        tag: ImageReference(format!("{}:1", place.name(suffix))),
        context: futures::stream::iter([Ok(tar.into())]).boxed(),
        dockerfile: "Dockerfile".to_owned(),
        target: None,
        arguments: vec![("GREETING".to_owned(), "hello & good=day".to_owned())],
        cache: false,
        memory_bytes: Some(5 * 1024 * 1024 * 1024),
        labels: place.labels(),
    }
}

pub(crate) async fn build(place: &Place, suffix: &str, dockerfile: &str) -> Result<ImageId, Error> {
    place
        .engine
        .build(request(place, suffix, dockerfile), mpsc::channel(1000).0)
        .await
}

async fn nameless_images(place: &Place) -> Vec<String> {
    let filters = HashMap::from([("dangling".to_owned(), vec!["true".to_owned()])]);
    let options = ListImagesOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    place
        .docker
        .list_images(Some(options))
        .await
        .expect("images")
        .into_iter()
        .map(|image| image.id)
        .collect()
}

/// The image whose file system holds this text in a step; by its history, which is what Docker keeps.
async fn images_with(place: &Place, marker: &str) -> Vec<String> {
    let mut found = Vec::new();
    for id in nameless_images(place).await {
        let history = place.docker.image_history(&id).await.unwrap_or_default();
        if history
            .first()
            .is_some_and(|layer| layer.created_by.contains(marker))
        {
            found.push(id);
        }
    }
    found
}

#[tokio::test]
async fn builds_leave_nothing_but_their_image() {
    let place = Place::new().await;
    let marker = place.name("marker");
    let dockerfile = format!(
        "FROM {BASE} AS tools\nRUN : {marker} 1\nCOPY hello /hello\nRUN : {marker} 2\n\
         FROM {BASE}\nARG GREETING\nCOPY --from=tools /hello /hello\nRUN echo \"$GREETING\" > /greeting; : {marker} 3\nCMD [\"cat\", \"/hello\", \"/greeting\"]\n"
    );
    let id = build(&place, "stages", &dockerfile).await.expect("build");
    let left = images_with(&place, &marker).await;
    // What the image stands on stays, and goes with it.
    let kept: Vec<_> = place
        .docker
        .image_history(&id.0)
        .await
        .expect("history")
        .into_iter()
        .map(|layer| layer.id)
        .collect();
    assert!(
        left.iter().all(|id| kept.contains(id)),
        "a stage is left over: {left:?} of {kept:?}"
    );
    let (output, mut lines) = mpsc::channel(16);
    let job = Workload {
        command: None,
        image: id.clone(),
        ..place.workload("job", &[]).await
    };
    assert!(
        place
            .engine
            .run(&job, output)
            .await
            .expect("run")
            .is_success()
    );
    let mut text = String::new();
    while let Some(line) = lines.recv().await {
        text += &line.text;
    }
    assert_eq!(text, "from the contexthello & good=day");
    place.engine.remove(&job.name).await.expect("removal");
    place
        .engine
        .remove_image(&ImageReference(id.0))
        .await
        .expect("removal of the image");
    assert_eq!(images_with(&place, &marker).await, [""; 0]);

    let broken = format!("FROM {BASE}\nRUN : {marker} 4\nRUN : {marker} 5 && exit 3\n");
    let failed = build(&place, "broken", &broken).await;
    assert!(
        matches!(&failed, Err(Error::BuildFailed(why)) if why.contains("returned a non-zero code: 3")),
        "{failed:?}"
    );
    assert_eq!(
        images_with(&place, &marker).await,
        [""; 0],
        "a failed build leaves nothing"
    );
    let senseless = build(&place, "senseless", "FRO nothing\n").await;
    assert!(
        matches!(&senseless, Err(Error::BuildFailed(why)) if why.contains("unknown instruction")),
        "{senseless:?}"
    );
}

#[tokio::test]
async fn a_dropped_build_stops() {
    let place = Place::new().await;
    let pause = format!("1000{}", std::process::id());
    let dockerfile = format!("FROM {BASE}\nRUN sleep {pause}\n");
    let running = || async {
        let listed = place
            .docker
            .list_containers(Some(
                ListContainersOptionsBuilder::default().all(true).build(),
            ))
            .await
            .expect("containers");
        listed.iter().any(|container| {
            container
                .command
                .as_deref()
                .is_some_and(|command| command.contains(&pause))
        })
    };
    tokio::select! {
        answer = build(&place, "hanging", &dockerfile) => panic!("it must not end: {answer:?}"),
        () = wait_until("the step runs", running) => {}
    }
    wait_until("the step's container is gone", || async {
        !running().await
    })
    .await;
}

#[tokio::test]
async fn a_container_of_our_image_is_not_ours_by_that() {
    let place = Place::new().await;
    let id = build(&place, "ours", &format!("FROM {BASE}\nRUN true\n"))
        .await
        .expect("build");
    let name = place.name("by-hand");
    let body = ContainerCreateBody {
        image: Some(id.0),
        cmd: Some(vec!["sleep".to_owned(), "1000".to_owned()]),
        labels: Some(HashMap::from([(
            FOREIGN.to_owned(),
            place.installation.clone(),
        )])),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    place
        .docker
        .create_container(Some(options), body)
        .await
        .expect("a container by hand");
    assert_eq!(
        place
            .engine
            .observe(&place.labels())
            .await
            .expect("observe"),
        []
    );
    assert!(matches!(
        place.engine.remove(&name).await,
        Err(Error::Conflict { .. })
    ));
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    place
        .docker
        .remove_container(&name, Some(options))
        .await
        .expect("it was still there");
}

#[tokio::test]
async fn a_pull_from_nowhere_fails() {
    let place = Place::new().await;
    let answer = place
        .engine
        .pull(
            &ImageReference("127.0.0.1:1/none/none:1".to_owned()),
            mpsc::channel(16).0,
        )
        .await;
    assert!(
        matches!(&answer, Err(Error::Failed { .. } | Error::NotFound { .. })),
        "{answer:?}"
    );
}

/// Applications whose Dockerfiles begin alike share the images of those steps, and Docker takes these away with
/// the last image that stands on them, in the middle of a build that has just found them in its cache.
#[tokio::test]
async fn a_build_whose_cached_steps_are_removed_meanwhile_is_disturbed_and_not_the_users_failure() {
    let place = Place::new().await;
    let steps = [0, 1, 2, 3].map(|step| format!("COPY hello /hello{step}\n"));
    let steps = steps.concat();
    let dockerfile = format!("FROM {BASE}\nLABEL of={}\n{steps}", place.name("steps"));
    let rounds = |suffix: &'static str| {
        let (place, dockerfile) = (&place, &dockerfile);
        async move {
            for round in 0..25 {
                let own = format!("{dockerfile}LABEL round={suffix}{round}\n");
                let cached = BuildRequest {
                    cache: true,
                    ..request(place, suffix, &own)
                };
                let tag = cached.tag.clone();
                match place.engine.build(cached, mpsc::channel(1000).0).await {
                    Ok(_) => place.engine.remove_image(&tag).await.expect("removal"),
                    Err(error) => assert!(
                        matches!(error, Error::Disturbed { .. })
                            && error.is_transient()
                            && !error.effect_unknown(),
                        "{error:?}"
                    ),
                }
            }
        }
    };
    tokio::join!(rounds("one"), rounds("two"), rounds("three"));
    let again = BuildRequest {
        cache: true,
        ..request(&place, "again", &dockerfile)
    };
    place
        .engine
        .build(again, mpsc::channel(1000).0)
        .await
        .expect("alone, nothing disturbs it");
}
