//! Volumes: made and removed by name only.

use bollard::models::{Volume, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};
use windlass_engine::ownership::{check_own, check_same, is_own, require_own};
use windlass_engine::{Error, Labels};

use crate::containers::label_filter;
use crate::{DockerEngine, names};

fn labels_of(volume: &Volume) -> Labels {
    Labels(volume.labels.clone().into_iter().collect())
}

impl DockerEngine {
    async fn find_volume(&self, name: &str) -> Result<Option<Volume>, Error> {
        names::check("volume", name)?;
        let client = self.client().await?;
        match self
            .look(
                &format!("looking at volume '{name}'"),
                client.docker.inspect_volume(name),
            )
            .await
        {
            Ok(volume) => Ok(Some(volume)),
            Err(failure) if failure.is(404) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Checks that the volume exists and is ours.
    pub(crate) async fn own_volume(&self, name: &str) -> Result<(), Error> {
        let volume = self
            .find_volume(name)
            .await?
            .ok_or_else(|| Error::NotFound {
                what: "volume",
                name: name.to_owned(),
            })?;
        check_own(
            &labels_of(&volume),
            &self.settings.installation,
            "volume",
            name,
        )
    }

    pub(crate) async fn do_ensure_volume(&self, name: &str, labels: &Labels) -> Result<(), Error> {
        let installation = &self.settings.installation;
        require_own(labels, installation, "volume", name)?;
        let volume = if let Some(volume) = self.find_volume(name).await? {
            volume
        } else {
            let client = self.client().await?;
            let body = VolumeCreateRequest {
                name: Some(name.to_owned()),
                labels: Some(labels.0.clone().into_iter().collect()),
                ..VolumeCreateRequest::default()
            };
            // Docker gives an existing volume as it is, so its answer is checked like one that was found.
            self.change(
                &format!("making volume '{name}'"),
                client.docker.create_volume(body),
            )
            .await?
        };
        check_same(labels, &labels_of(&volume), installation, "volume", name)
    }

    pub(crate) async fn do_remove_volume(&self, name: &str) -> Result<(), Error> {
        let Some(volume) = self.find_volume(name).await? else {
            return Ok(());
        };
        check_own(
            &labels_of(&volume),
            &self.settings.installation,
            "volume",
            name,
        )?;
        let client = self.client().await?;
        match self
            .change(
                &format!("removing volume '{name}'"),
                client
                    .docker
                    .remove_volume(name, None::<RemoveVolumeOptions>),
            )
            .await
        {
            Err(failure) if failure.is(404) => Ok(()),
            answer => Ok(answer?),
        }
    }

    pub(crate) async fn do_volumes(&self, filter: &Labels) -> Result<Vec<(String, Labels)>, Error> {
        let client = self.client().await?;
        let filters = label_filter(&self.settings.installation, filter);
        let options = ListVolumesOptionsBuilder::default()
            .filters(&filters)
            .build();
        let found = self
            .look("listing volumes", client.docker.list_volumes(Some(options)))
            .await?;
        let mut volumes: Vec<_> = found
            .volumes
            .unwrap_or_default()
            .into_iter()
            .map(|volume| (volume.name.clone(), labels_of(&volume)))
            .filter(|(_, labels)| {
                is_own(labels, &self.settings.installation) && labels.matches(filter)
            })
            .collect();
        volumes.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(volumes)
    }
}
