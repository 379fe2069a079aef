//! Images: looked up, named, removed.

use super::fixture::{Fixture, Program};
use super::support::{assert_conflict, assert_not_found, name, workload};
use crate::image::{ImageId, ImageReference};
use crate::ownership::OWN_IMAGE_NAMES;

/// Look-ups by name and id; names given and taken away.
pub async fn images_are_looked_up_and_tagged(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let id = fixture.image().await;
    assert_eq!(
        engine.image(&fixture.image_name()).await.expect("image"),
        Some(id.clone())
    );
    assert_eq!(
        engine
            .image(&ImageReference(id.0.clone()))
            .await
            .expect("image"),
        Some(id.clone())
    );
    let tag = ImageReference(format!("{OWN_IMAGE_NAMES}{}:1", name(fixture, "tagged")));
    assert_eq!(engine.image(&tag).await.expect("image"), None);
    let absent = ImageId(format!("sha256:{:064x}", 7));
    assert_not_found(engine.tag(&absent, &tag).await, "image");
    assert_not_found(engine.exposed_ports(&absent).await, "image");
    assert_not_found(engine.build_triggers(&absent).await, "image");
    assert_eq!(
        engine.build_triggers(&id).await.expect("build triggers"),
        [""; 0]
    );
    engine.tag(&id, &tag).await.expect("tag");
    engine.tag(&id, &tag).await.expect("repeated tag");
    assert_eq!(engine.image(&tag).await.expect("image"), Some(id.clone()));
    engine
        .remove_image(&tag)
        .await
        .expect("removal of the name");
    engine.remove_image(&tag).await.expect("repeated removal");
    assert_eq!(engine.image(&tag).await.expect("image"), None);
    assert_eq!(
        engine.image(&fixture.image_name()).await.expect("image"),
        Some(id)
    );
}

/// What a container needs stays.
pub async fn images_in_use_stay(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await;
    engine.ensure(&wanted).await.expect("ensure");
    let tag = ImageReference(format!("{OWN_IMAGE_NAMES}{}:1", name(fixture, "used")));
    engine.tag(&wanted.image, &tag).await.expect("tag");
    engine
        .remove_image(&tag)
        .await
        .expect("removal of one of two names");
    let by_id = ImageReference(wanted.image.0.clone());
    assert_eq!(
        engine.image(&by_id).await.expect("image"),
        Some(wanted.image)
    );
}

/// Images without our label keep the names that are not ours.
pub async fn foreign_images_are_left_alone(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let id = fixture.image().await;
    assert_conflict(
        engine.remove_image(&fixture.image_name()).await,
        "removal of a foreign image's name",
    );
    assert_conflict(
        engine.remove_image(&ImageReference(id.0.clone())).await,
        "removal of a foreign image",
    );
    assert_eq!(
        engine.image(&fixture.image_name()).await.expect("image"),
        Some(id)
    );
}
