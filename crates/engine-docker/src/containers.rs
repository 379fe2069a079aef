//! Containers: found, made, started, stopped, removed.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, Mount};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptions,
    UploadToContainerOptionsBuilder,
};
use futures::StreamExt;
use secrecy::ExposeSecret;
use windlass_engine::labels::INSTALLATION;
use windlass_engine::ownership::{check_own, check_same, require_own};
use windlass_engine::tar;
use windlass_engine::{Error, File, ImageReference, Labels, Observation, Phase, Workload};

use crate::connection::bounded;
use crate::failure::Failure;
use crate::observing::{id_of, is_going, is_ours, labels_of, name_of, observation, phase_of};
use crate::{DockerEngine, names, spec};

/// Containers described at once: fast enough for hundreds, little enough for the daemon.
const AT_ONCE: usize = 8;
/// Times that a container may vanish or appear between looking and making.
const ATTEMPTS: usize = 5;
/// Between two looks at a container that is being removed by someone else.
const PAUSE: Duration = Duration::from_millis(50);
/// What Docker gives containers that asked for no grace.
const DOCKERS_GRACE: i64 = 10;

/// The filter that Docker gets: the labels, and always the installation's.
pub(crate) fn label_filter(installation: &str, filter: &Labels) -> HashMap<String, Vec<String>> {
    let labels = filter
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let own = std::iter::once(format!("{INSTALLATION}={installation}"));
    HashMap::from([("label".to_owned(), labels.chain(own).collect())])
}

/// Whether it was asked to have volumes.
fn has_mounts(container: &ContainerInspectResponse) -> bool {
    given_mounts(container).next().is_some()
}

fn given_mounts(container: &ContainerInspectResponse) -> impl Iterator<Item = &Mount> {
    let host = container.host_config.as_ref();
    host.and_then(|host| host.mounts.as_ref())
        .into_iter()
        .flatten()
}

/// The names of its volumes that nobody asked for.
fn anonymous_volumes(container: &ContainerInspectResponse) -> impl Iterator<Item = &str> {
    let volumes = container.mounts.iter().flatten();
    volumes
        .filter_map(|volume| volume.name.as_deref())
        .filter(|name| !given_mounts(container).any(|mount| mount.source.as_deref() == Some(name)))
}

impl DockerEngine {
    /// The container of exactly that name, whoever's it is. Docker takes beginnings of ids for names too.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<ContainerInspectResponse>, Error> {
        names::check("container", name)?;
        let client = self.client().await?;
        let doing = format!("looking at container '{name}'");
        match self
            .look(
                &doing,
                client
                    .docker
                    .inspect_container(name, None::<InspectContainerOptions>),
            )
            .await
        {
            Ok(container) if name_of(&container) == name => Ok(Some(container)),
            Ok(_) => Ok(None),
            Err(failure) if failure.is(404) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    pub(crate) fn check_ours(&self, container: &ContainerInspectResponse) -> Result<(), Error> {
        let installation = &self.settings.installation;
        let labels = if is_ours(container, installation) {
            labels_of(container)
        } else {
            Labels::new()
        };
        check_own(&labels, installation, "container", name_of(container))
    }

    /// The container of that name, if it is ours.
    pub(crate) async fn find_own(
        &self,
        name: &str,
    ) -> Result<Option<ContainerInspectResponse>, Error> {
        let found = self.find(name).await?;
        found
            .as_ref()
            .map(|container| self.check_ours(container))
            .transpose()?;
        Ok(found)
    }

    pub(crate) async fn own(&self, name: &str) -> Result<ContainerInspectResponse, Error> {
        self.find_own(name).await?.ok_or_else(|| Error::NotFound {
            what: "container",
            name: name.to_owned(),
        })
    }

    /// The same, if it runs.
    pub(crate) async fn own_running(
        &self,
        name: &str,
        doing: &str,
    ) -> Result<ContainerInspectResponse, Error> {
        let container = self.own(name).await?;
        if phase_of(&container) == Phase::Running {
            return Ok(container);
        }
        Err(Error::Refused {
            doing: format!("{doing} container '{name}'"),
            reason: "it is not running".to_owned(),
        })
    }

    /// Finds the container that the workload asks for or makes it; does not start it. Gives its id.
    pub(crate) async fn find_or_make(&self, workload: &Workload) -> Result<String, Error> {
        let name = &workload.name;
        let installation = &self.settings.installation;
        require_own(&workload.labels, installation, "container", name)?;
        workload.files.iter().try_for_each(File::check)?;
        for _ in 0..ATTEMPTS {
            if let Some(found) = self.find_own(name).await? {
                if is_going(&found) {
                    self.wait_until_gone(id_of(&found), name).await?;
                    continue;
                }
                check_same(
                    &workload.labels,
                    &labels_of(&found),
                    installation,
                    "container",
                    name,
                )?;
                let image = found.image.as_deref().unwrap_or_default();
                if image != workload.image.0 {
                    let reason = format!("its image is {image}, asked for was {}", workload.image);
                    return Err(Error::Conflict {
                        what: "container",
                        name: name.clone(),
                        reason,
                    });
                }
                return Ok(id_of(&found).to_owned());
            }
            match Box::pin(self.make(workload)).await {
                Ok(id) => return Ok(id),
                // Someone was faster, or a removal is not done yet: look again.
                Err(failure) if failure.is(409) => tokio::time::sleep(PAUSE).await,
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Error::Failed {
            doing: format!("making container '{name}'"),
            reason: "it appears and vanishes again and again".to_owned(),
        })
    }

    /// Makes the container of a piped run: with an input that ends with the connection that is attached to it, if it
    /// is to have one, and without a log.
    pub(crate) async fn make_piped(
        &self,
        workload: &Workload,
        has_input: bool,
    ) -> Result<String, Error> {
        let name = &workload.name;
        let installation = &self.settings.installation;
        require_own(&workload.labels, installation, "container", name)?;
        workload.files.iter().try_for_each(File::check)?;
        names::check("container", name)?;
        let body = self.body(workload).await?;
        let body = spec::piped(body, has_input);
        let id = self.create(name, body).await?;
        let made = self.own(name).await?;
        for attachment in &workload.networks {
            self.join(&made, attachment).await?;
        }
        Ok(id)
    }

    async fn make(&self, workload: &Workload) -> Result<String, Failure> {
        let body = self.body(workload).await.map_err(Failure::Other)?;
        self.create(&workload.name, body).await
    }

    /// What Docker is asked for, when all is there that the workload names.
    async fn body(&self, workload: &Workload) -> Result<ContainerCreateBody, Error> {
        let prepared = async {
            for mount in &workload.mounts {
                // Docker would make a volume that nobody knows.
                self.own_volume(&mount.volume).await?;
            }
            for attachment in &workload.networks {
                self.own_network(&attachment.network).await?;
            }
            let image = self
                .describe_image(&ImageReference(workload.image.0.clone()))
                .await?;
            image.ok_or_else(|| Error::NotFound {
                what: "image",
                name: workload.image.0.clone(),
            })
        };
        let image = prepared.await?;
        let client = self.client().await?;
        Ok(spec::body(
            workload,
            &image.config.unwrap_or_default(),
            client.processors,
        ))
    }

    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, Failure> {
        let client = self.client().await.map_err(Failure::Other)?;
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let doing = format!("making container '{name}'");
        let made = self
            .change(&doing, client.docker.create_container(Some(options), body))
            .await?;
        Ok(made.id)
    }

    /// Puts the workload's files into a container that was never started: also into one that an earlier call
    /// made and left so.
    pub(crate) async fn put_files(&self, id: &str, workload: &Workload) -> Result<(), Error> {
        if workload.files.is_empty() {
            return Ok(());
        }
        let files = workload.files.iter().map(|file| {
            let path = file.path.trim_start_matches('/');
            (path, file.content.expose_secret(), file.mode)
        });
        let archive = bollard::body_full(tar::archive(files).into());
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let client = self.client().await?;
        let doing = format!("putting files into container '{}'", workload.name);
        let put = client
            .docker
            .upload_to_container(id, Some(options), archive);
        Ok(self.change(&doing, put).await?)
    }

    /// Starts the container; running already is success.
    pub(crate) async fn start(&self, id: &str, name: &str) -> Result<(), Error> {
        let client = self.client().await?;
        let doing = format!("starting container '{name}'");
        Ok(self
            .change(
                &doing,
                client
                    .docker
                    .start_container(id, None::<StartContainerOptions>),
            )
            .await?)
    }

    pub(crate) async fn do_ensure(&self, workload: &Workload) -> Result<Observation, Error> {
        let id = Box::pin(self.find_or_make(workload)).await?;
        let gone = || Error::NotFound {
            what: "container",
            name: workload.name.clone(),
        };
        let found = self.find(&workload.name).await?.ok_or_else(gone)?;
        // The answer of an earlier call may have been lost between making it and connecting it.
        for attachment in &workload.networks {
            self.join(&found, attachment).await?;
        }
        if phase_of(&found) == Phase::Created {
            self.put_files(&id, workload).await?;
        }
        if !matches!(phase_of(&found), Phase::Running | Phase::Restarting) {
            self.start(&id, &workload.name).await?;
        }
        Ok(observation(
            &self.find(&workload.name).await?.ok_or_else(gone)?,
        ))
    }

    /// Stops what runs or is about to run again, within its grace time.
    async fn stop_found(&self, container: &ContainerInspectResponse) -> Result<(), Failure> {
        let client = self.client().await.map_err(Failure::Other)?;
        let grace = container
            .config
            .as_ref()
            .and_then(|config| config.stop_timeout)
            .unwrap_or(DOCKERS_GRACE);
        let limit = Duration::from_secs(grace.unsigned_abs()) + self.settings.timeouts.stop_margin;
        let doing = format!("stopping container '{}'", name_of(container));
        // Without a time, Docker uses the container's own grace.
        let options = StopContainerOptions {
            signal: None,
            t: None,
        };
        bounded(
            &doing,
            limit,
            client
                .docker
                .stop_container(id_of(container), Some(options)),
        )
        .await
    }

    pub(crate) async fn do_stop(&self, name: &str) -> Result<(), Error> {
        let container = self.own(name).await?;
        Ok(self.stop_found(&container).await?)
    }

    pub(crate) async fn do_remove(&self, name: &str) -> Result<(), Error> {
        let Some(container) = self.find_own(name).await? else {
            return Ok(());
        };
        let client = self.client().await?;
        let id = id_of(&container);
        match self.stop_found(&container).await {
            Ok(()) => {}
            Err(failure) if failure.is(404) => return Ok(()),
            // Dead or half removed: the removal below decides.
            Err(failure @ Failure::Answered { .. }) => tracing::debug!(
                container.name = name,
                ?failure,
                "could not be stopped before its removal"
            ),
            Err(failure) => return Err(failure.into()),
        }
        let has_mounts = has_mounts(&container);
        if has_mounts {
            for volume in anonymous_volumes(&container) {
                tracing::warn!(
                    container.name = name,
                    volume.name = volume,
                    "the image declares a volume that nothing was mounted on; it may hold data and stays when the container goes"
                );
            }
        }
        // Its anonymous volumes with it: nothing else would ever remove them. Docker leaves those alone that
        // were given by name; where there are any, none goes (the contract says why).
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(!has_mounts)
            .build();
        match self
            .change(
                &format!("removing container '{name}'"),
                client.docker.remove_container(id, Some(options)),
            )
            .await
        {
            Err(failure) if failure.is(404) => Ok(()),
            Err(failure) if failure.is(409) && failure.mentions("already in progress") => {
                self.wait_until_gone(id, name).await
            }
            answer => Ok(answer?),
        }
    }

    async fn wait_until_gone(&self, id: &str, name: &str) -> Result<(), Error> {
        let limit = self.settings.timeouts.change;
        let client = self.client().await?;
        let doing = format!("waiting for the removal of container '{name}'");
        let waiting = async {
            loop {
                match self
                    .look(
                        &doing,
                        client
                            .docker
                            .inspect_container(id, None::<InspectContainerOptions>),
                    )
                    .await
                {
                    Err(failure) if failure.is(404) => return Ok(()),
                    Err(failure) => return Err(failure.into()),
                    Ok(_) => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        tokio::time::timeout(limit, waiting)
            .await
            .unwrap_or(Err(Error::NoAnswer {
                doing: doing.clone(),
                after: limit,
            }))
    }

    pub(crate) async fn do_observe(&self, filter: &Labels) -> Result<Vec<Observation>, Error> {
        let client = self.client().await?;
        let filters = label_filter(&self.settings.installation, filter);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let doing = "listing containers";
        let listed = self
            .look(doing, client.docker.list_containers(Some(options)))
            .await?;
        let ids = listed.into_iter().filter_map(|container| container.id);
        let describing = ids.map(|id| {
            let docker = client.docker.clone();
            async move {
                match self
                    .look(
                        doing,
                        docker.inspect_container(&id, None::<InspectContainerOptions>),
                    )
                    .await
                {
                    Ok(container) => Ok(Some(container)),
                    // It went away in between.
                    Err(failure) if failure.is(404) => Ok(None),
                    Err(failure) => Err(Error::from(failure)),
                }
            }
        });
        let mut observations = Vec::new();
        let mut described = futures::stream::iter(describing).buffer_unordered(AT_ONCE);
        while let Some(container) = described.next().await {
            if let Some(container) = container?
                && is_ours(&container, &self.settings.installation)
                && labels_of(&container).matches(filter)
            {
                observations.push(observation(&container));
            }
        }
        observations.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(observations)
    }
}
