//! The image: built, found, or taken from an earlier release.

use tokio::sync::mpsc;
use windlass_delivery::build::{BuildOrder, BuiltImage, Manifest, Source};
use windlass_engine::{ImageReference, Labels, labels};
use windlass_model::id::RepositoryId;
use windlass_operations::{Done, Failure};
use windlass_records::Change;

use super::super::write;
use super::Stage;
use super::snapshot::Rollback;
use crate::{failures, naming};

/// The registered repository that a source is in.
fn elsewhere(source: &Source) -> Option<RepositoryId> {
    match source {
        Source::Remote { repository, .. } => *repository,
        Source::Branch { .. } | Source::Image { .. } => None,
    }
}

impl Stage<'_> {
    pub(super) async fn build(&self) -> Result<Done<Change>, Failure> {
        let built = match (&self.params.rollback, &self.params.source) {
            (Some(rollback), _) => {
                self.take_up_image(rollback).await?;
                self.say(format!(
                    "      The image of release {} is used again",
                    rollback.number
                ))
                .await?;
                BuiltImage {
                    image: rollback.image.clone(),
                    manifest: Manifest::default(),
                }
            }
            (None, Some(source)) => {
                self.say(format!("      From {}", naming::describe_source(source)))
                    .await?;
                let order = BuildOrder {
                    engine: self.parts.engine(self.scene.region.id)?,
                    application: self.scene.application.id,
                    slug: self.scene.application.slug.clone(),
                    source: source.clone(),
                    tag: self.tag(),
                    cache: self.params.cache,
                    access: self.parts.source_access(elsewhere(source)).await?,
                    adopt: self.params.adopt.clone().map(Into::into),
                    labels: self.image_labels(),
                    cancel: self.context.cancel.clone(),
                };
                if self.context.attempt > 1 {
                    self.remove_build_containers().await?;
                }
                let (sender, receiver) = mpsc::channel(256);
                let (built, pumped) =
                    tokio::join!(self.parts.builder.build(order, sender), self.pump(receiver));
                let built = built.map_err(|error| failures::build(&error))?;
                pumped?;
                built
            }
            (None, None) => {
                return Err(failures::internal(
                    "the snapshot has neither a source nor a rollback",
                ));
            }
        };
        Ok(Done {
            output: Some(write("the image", &built)?),
            changes: Vec::new(),
        })
    }

    /// Gives the image of an earlier release this deployment's tag. Each release holds its image by a tag of
    /// its own, so that the one that built it can be forgotten.
    async fn take_up_image(&self, rollback: &Rollback) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        match engine.tag(&rollback.image, &self.tag()).await {
            Err(windlass_engine::Error::NotFound { .. }) => Err(Failure::permanent(
                "image_gone",
                format!(
                    "the image of release {} is not on the engine any more",
                    rollback.number
                ),
            )
            .with_hint("Deploy the commit of that release again instead.")),
            tagged => tagged.map_err(|error| failures::engine(&error)),
        }
    }

    pub(super) async fn undo_build(&self) -> Result<Done<Change>, Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        engine
            .remove_image(&self.tag())
            .await
            .map_err(|error| failures::engine(&error))?;
        if self.params.rollback.is_none() {
            self.remove_build_containers().await?;
        }
        Ok(Done::default())
    }

    /// What an attempt that was cut off left: the engine removes the containers of its builds itself, but
    /// not all of them when those that it builds for vanish. No other build of this environment is at work.
    async fn remove_build_containers(&self) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        let filter = self.image_labels();
        let left = engine
            .observe(&filter)
            .await
            .map_err(|error| failures::engine(&error))?;
        for container in left {
            engine
                .remove(&container.name)
                .await
                .map_err(|error| failures::engine(&error))?;
        }
        Ok(())
    }

    fn image_labels(&self) -> Labels {
        self.scene
            .labels(&self.parts.installation)
            .with(labels::ROLE, "image")
    }

    fn tag(&self) -> ImageReference {
        naming::image_tag(&self.scene.application.slug, self.params.deployment)
    }
}
