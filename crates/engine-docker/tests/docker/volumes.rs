//! Volumes that an image declares by itself: gone with their container, unless they may hold a service's data.

use bollard::query_parameters::{InspectContainerOptions, RemoveVolumeOptions};
use windlass_engine::{Engine, ImageId, Mount, Workload};

use crate::builds::build;
use crate::shell;
use crate::support::{BASE, Place};

/// The names of the container's volumes that nobody asked for, sorted.
async fn anonymous(place: &Place, container: &Workload) -> Vec<String> {
    let seen = place
        .docker
        .inspect_container(&container.name, None::<InspectContainerOptions>)
        .await
        .expect("the container");
    let mounted: Vec<&str> = container
        .mounts
        .iter()
        .map(|mount| mount.volume.as_str())
        .collect();
    let volumes = seen.mounts.unwrap_or_default().into_iter();
    let mut names: Vec<String> = volumes
        .filter_map(|volume| volume.name)
        .filter(|name| !mounted.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

async fn exists(place: &Place, volume: &str) -> bool {
    place.docker.inspect_volume(volume).await.is_ok()
}

/// An image that declares two volumes.
async fn declaring(place: &Place) -> ImageId {
    let dockerfile = format!("FROM {BASE}\nVOLUME /data\nVOLUME /other\n");
    build(place, "declaring", &dockerfile).await.expect("build")
}

#[tokio::test]
async fn volumes_that_an_image_declares_go_with_the_container() {
    let place = Place::new().await;
    let wanted = Workload {
        image: declaring(&place).await,
        ..place.workload("web", &["sleep", "1000"]).await
    };
    place.engine.ensure(&wanted).await.expect("ensure");
    let made = anonymous(&place, &wanted).await;
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!(
        shell(&place, &wanted.name, "echo x > /data/file").await.0,
        0
    );
    place.engine.remove(&wanted.name).await.expect("removal");
    for volume in made {
        assert!(!exists(&place, &volume).await, "{volume} is left behind");
    }
}

#[tokio::test]
async fn nothing_that_may_be_a_services_data_goes_with_its_container() {
    let place = Place::new().await;
    let data = place.name("data");
    place
        .engine
        .ensure_volume(&data, &place.labels())
        .await
        .expect("volume");
    let wanted = Workload {
        image: declaring(&place).await,
        mounts: vec![Mount {
            volume: data.clone(),
            path: "/data".to_owned(),
        }],
        ..place.workload("server", &["sleep", "1000"]).await
    };
    place.engine.ensure(&wanted).await.expect("ensure");
    // Where the image declares what is mounted, nothing else is made.
    let unexpected = anonymous(&place, &wanted).await;
    assert_eq!(unexpected.len(), 1, "{unexpected:?}");
    let write = "echo precious > /data/file; echo precious > /other/file";
    assert_eq!(shell(&place, &wanted.name, write).await.0, 0);
    place.engine.remove(&wanted.name).await.expect("removal");
    assert!(exists(&place, &data).await, "the mounted volume is gone");
    let kept = exists(&place, &unexpected[0]).await;
    let removed = place
        .docker
        .remove_volume(&unexpected[0], None::<RemoveVolumeOptions>)
        .await;
    assert!(
        kept && removed.is_ok(),
        "what the image kept elsewhere is gone"
    );
    place.engine.ensure(&wanted).await.expect("ensure again");
    let left = anonymous(&place, &wanted).await;
    assert_eq!(
        shell(&place, &wanted.name, "cat /data/file").await,
        (0, "precious".to_owned())
    );
    place.engine.remove(&wanted.name).await.expect("removal");
    for volume in left {
        place
            .docker
            .remove_volume(&volume, None::<RemoveVolumeOptions>)
            .await
            .expect("a volume of nobody");
    }
}
