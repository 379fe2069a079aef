//! The images that a Dockerfile's stages begin from: found, pulled, and asked what they bring into the build.

use std::collections::HashMap;

use windlass_delivery::build::{BuildOrder, Error};
use windlass_engine::{ImageId, ImageReference};

use crate::context::Commit;
use crate::dockerfile::{self, Base};
use crate::image::{self, Log};

/// A base that is on the engine.
pub(crate) struct FoundBase {
    /// What the Dockerfile says.
    pub(crate) base: Base,
    /// The image.
    pub(crate) image: ImageId,
    /// Whether it brings instructions into the build (`ONBUILD`).
    pub(crate) has_triggers: bool,
}

/// Finds or pulls each of them. An image of a registry is anybody's work, and an instruction that it brings
/// into the build (`ONBUILD`) could name another application's image as well as one of the Dockerfile: it is
/// refused in the same way.
pub(crate) async fn find(
    order: &BuildOrder,
    commit: &Commit,
    bases: Vec<Base>,
    log: &Log,
) -> Result<Vec<FoundBase>, Error> {
    let engine = &order.engine;
    let mut images: HashMap<String, (ImageId, Vec<String>)> = HashMap::new();
    let mut found = Vec::new();
    for base in bases {
        if !images.contains_key(&base.reference) {
            let reference = ImageReference(base.reference.clone());
            let image = image::find(engine, &reference, log).await?;
            let triggers = engine
                .build_triggers(&image)
                .await
                .map_err(image::engine_error)?;
            log.say(format!("{reference} is {image}")).await;
            images.insert(base.reference.clone(), (image, triggers));
        }
        let (image, triggers) = &images[&base.reference];
        for trigger in triggers {
            dockerfile::check_trigger(trigger, &base.stages).map_err(|reason| {
                let reason = format!(
                    "line {}: the image {} brings 'ONBUILD {}' into the build: {reason}",
                    base.line,
                    base.reference,
                    dockerfile::shown(trigger),
                );
                commit.invalid("Dockerfile", reason)
            })?;
        }
        found.push(FoundBase {
            image: image.clone(),
            has_triggers: !triggers.is_empty(),
            base,
        });
    }
    Ok(found)
}
