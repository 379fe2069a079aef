//! Images: looked up, pulled, named, removed.

use bollard::models::ImageInspect;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder,
};
use futures::StreamExt;
use tokio::sync::mpsc;
use windlass_engine::lines::Forwarder;
use windlass_engine::ownership::{check_own, is_own_image_name};
use windlass_engine::{Error, ImageId, ImageReference, Labels, LogLine};

use crate::connection::bounded;
use crate::names::{check_image, split};
use crate::observing::tcp_ports;
use crate::{DockerEngine, failure};

pub(crate) fn id_of(image: &ImageInspect) -> ImageId {
    ImageId(image.id.clone().unwrap_or_default())
}

fn labels_of(image: &ImageInspect) -> Labels {
    let labels = image
        .config
        .as_ref()
        .and_then(|config| config.labels.clone());
    Labels(labels.unwrap_or_default().into_iter().collect())
}

impl DockerEngine {
    pub(crate) async fn describe_image(
        &self,
        reference: &ImageReference,
    ) -> Result<Option<ImageInspect>, Error> {
        check_image(reference)?;
        let client = self.client().await?;
        match self
            .look(
                &format!("looking at image '{reference}'"),
                client.docker.inspect_image(&reference.0),
            )
            .await
        {
            Ok(image) => Ok(Some(image)),
            Err(failure) if failure.is(404) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn existing_image(&self, id: &ImageId) -> Result<ImageInspect, Error> {
        let found = self.describe_image(&ImageReference(id.0.clone())).await?;
        found.ok_or_else(|| Error::NotFound {
            what: "image",
            name: id.0.clone(),
        })
    }

    /// Whether the name may be taken from the image that has it: either is ours.
    pub(crate) async fn check_image_name(
        &self,
        reference: &ImageReference,
    ) -> Result<Option<ImageInspect>, Error> {
        let found = self.describe_image(reference).await?;
        if let Some(image) = &found
            && !is_own_image_name(reference)
        {
            check_own(
                &labels_of(image),
                &self.settings.installation,
                "image",
                &reference.0,
            )?;
        }
        Ok(found)
    }

    pub(crate) async fn do_image(
        &self,
        reference: &ImageReference,
    ) -> Result<Option<ImageId>, Error> {
        Ok(self.describe_image(reference).await?.as_ref().map(id_of))
    }

    pub(crate) async fn do_exposed_ports(&self, image: &ImageId) -> Result<Vec<u16>, Error> {
        let image = self.existing_image(image).await?;
        Ok(tcp_ports(
            image
                .config
                .as_ref()
                .and_then(|config| config.exposed_ports.as_ref()),
        ))
    }

    pub(crate) async fn do_build_triggers(&self, image: &ImageId) -> Result<Vec<String>, Error> {
        let image = self.existing_image(image).await?;
        Ok(image
            .config
            .and_then(|config| config.on_build)
            .unwrap_or_default())
    }

    pub(crate) async fn do_tag(
        &self,
        image: &ImageId,
        reference: &ImageReference,
    ) -> Result<(), Error> {
        let image = id_of(&self.existing_image(image).await?);
        match self.do_image(reference).await? {
            Some(holder) if holder == image => return Ok(()),
            Some(holder) => {
                let reason = format!("it names {holder}, not {image}; take it away first");
                return Err(Error::Conflict {
                    what: "image",
                    name: reference.0.clone(),
                    reason,
                });
            }
            None => {}
        }
        let client = self.client().await?;
        let (repository, tag) = split(reference);
        let options = TagImageOptionsBuilder::default()
            .repo(repository)
            .tag(tag)
            .build();
        Ok(self
            .change(
                &format!("naming image '{reference}'"),
                client.docker.tag_image(&image.0, Some(options)),
            )
            .await?)
    }

    pub(crate) async fn do_remove_image(&self, reference: &ImageReference) -> Result<(), Error> {
        if self.check_image_name(reference).await?.is_none() {
            return Ok(());
        }
        let client = self.client().await?;
        match self
            .change(
                &format!("removing image '{reference}'"),
                client
                    .docker
                    .remove_image(&reference.0, None::<RemoveImageOptions>, None),
            )
            .await
        {
            Ok(_) => Ok(()),
            // Gone meanwhile; or in use, which may be for long.
            Err(failure) if failure.is(404) || failure.is(409) => Ok(()),
            // Docker takes the name away first, and then what stands below it, where it can meet another removal.
            Err(failure) => match self.do_image(reference).await? {
                None => Ok(()),
                Some(_) => Err(failure.into()),
            },
        }
    }

    pub(crate) async fn do_pull(
        &self,
        reference: &ImageReference,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        check_image(reference)?;
        let client = self.client().await?;
        let doing = format!("pulling image '{reference}'");
        let (repository, tag) = split(reference);
        // A digest stands for its own tag; without any tag Docker would pull all of them.
        let wanted = CreateImageOptionsBuilder::default();
        let options = if reference.0.contains('@') {
            wanted.from_image(&reference.0).build()
        } else {
            wanted.from_image(repository).tag(tag).build()
        };
        let mut forwarder = Forwarder::new(output);
        let mut progress = client
            .docker
            .create_image(Some(options), None, None)
            .boxed();
        let pulling = async {
            loop {
                tokio::select! {
                    next = progress.next() => match next {
                        None => return Ok(()),
                        Some(progress) => {
                            let progress = progress?;
                            let moving = progress.progress_detail.is_some_and(|detail| detail.current.is_some());
                            if let Some(status) = progress.status.filter(|_| !moving) {
                                let text = progress.id.map_or_else(|| status.clone(), |id| format!("{id}: {status}"));
                                forwarder.push(LogLine { at_millis: None, stderr: false, text });
                            }
                        }
                    },
                    () = forwarder.pump() => {}
                }
            }
        };
        let answer = bounded(&doing, self.settings.timeouts.pull, pulling).await;
        forwarder.finish().await;
        match answer {
            Err(failure @ failure::Failure::Answered { status: 404, .. }) => {
                tracing::debug!(image.name = %reference, ?failure, "not in its registry");
                return Err(Error::NotFound {
                    what: "image",
                    name: reference.0.clone(),
                });
            }
            answer => answer?,
        }
        let pulled = self.do_image(reference).await?;
        pulled.ok_or_else(|| Error::Failed {
            doing,
            reason: "it is not there after the pull".to_owned(),
        })
    }
}
