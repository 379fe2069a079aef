//! The wished set of an environment: what a deployment that begins now would make run.

use windlass_delivery::build::{self, Access, Source};
use windlass_engine::ImageReference;
use windlass_engine::ownership::{self, PrivateName};
use windlass_model::instance::InstanceState;
use windlass_model::names::BranchName;
use windlass_model::variables::VariableSource;
use windlass_records::{Instance, InstanceFilter, PageRequest, ReleaseVariable, VariableValue};

use crate::definitions::deployment::snapshot::WishedInstance;
use crate::error::Error;
use crate::platform::Platform;
use crate::scene::Scene;

/// Where the code of a deployment is to come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RequestedSource {
    /// The branch of the environment in the application's own repository.
    #[default]
    Branch,
    /// A repository elsewhere, by path or URL; the environment's branch without one.
    Remote {
        /// The path or URL.
        url: String,
        /// The branch.
        branch: Option<String>,
    },
    /// A ready image.
    Image(String),
}

impl Platform {
    /// The source, resolved now: a deployment deploys what there was at its start.
    pub(crate) async fn resolve_source(
        &self,
        scene: &Scene,
        requested: &RequestedSource,
    ) -> Result<Source, Error> {
        match requested {
            RequestedSource::Branch if scene.application.repository.is_some() => {
                self.resolve_elsewhere(scene).await
            }
            RequestedSource::Branch => {
                self.ensure_repository(&scene.application).await?;
                let branch = scene.environment.branch.clone();
                let commit = self
                    .parts
                    .builder
                    .resolve_branch(scene.application.id, &scene.application.slug, &branch)
                    .await
                    .map_err(|error| source_error(&error))?;
                Ok(Source::Branch { branch, commit })
            }
            RequestedSource::Remote { url, branch } => {
                let branch: BranchName = match branch {
                    Some(branch) => branch
                        .parse()
                        .map_err(|error| Error::name("branch", &error))?,
                    None => scene.environment.branch.clone(),
                };
                let commit = self
                    .parts
                    .builder
                    .resolve_remote(url, &branch, &Access::Open)
                    .await
                    .map_err(|error| source_error(&error))?;
                Ok(Source::Remote {
                    url: url.clone(),
                    branch,
                    commit,
                    repository: None,
                })
            }
            RequestedSource::Image(reference) => {
                let good = !reference.is_empty()
                    && reference.len() <= 512
                    && !reference.starts_with('-')
                    && reference
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "./:@_-".contains(c));
                if !good {
                    return Err(Error::invalid(
                        "image",
                        format!(
                            "'{}' is not the name of an image",
                            reference.chars().take(64).collect::<String>()
                        ),
                    ));
                }
                if let Some(why) = ownership::private_name(reference)
                    && !self.is_own_image(scene, reference).await?
                {
                    let instead = match why {
                        PrivateName::Digits => {
                            format!("write '{reference}:latest' if an image of that name is meant")
                        }
                        PrivateName::Own | PrivateName::Id => {
                            "name an image of a registry, such as 'nginx:1.27'".to_owned()
                        }
                    };
                    return Err(Error::invalid(
                        "image",
                        format!(
                            "'{reference}' is refused: {why}; {instead}. Ids, and the images that Windlass builds, can be deployed by their own application only"
                        ),
                    ));
                }
                Ok(Source::Image {
                    reference: ImageReference(reference.clone()),
                })
            }
        }
    }

    /// The head of the environment's branch in the repository elsewhere that has the application's code.
    async fn resolve_elsewhere(&self, scene: &Scene) -> Result<Source, Error> {
        let repository = self
            .application_repository(&scene.application)
            .await?
            .ok_or_else(|| Error::Internal("the application has a repository".to_owned()))?;
        let branch = scene.environment.branch.clone();
        let access = self.parts.source_access(Some(repository.id)).await?;
        let commit = self
            .parts
            .builder
            .resolve_remote(&repository.url, &branch, &access)
            .await
            .map_err(|error| source_error(&error))?;
        Ok(Source::Remote {
            url: repository.url,
            branch,
            commit,
            repository: Some(repository.id),
        })
    }

    /// Whether an image was built for this application: by its name, or by the id that one of its
    /// releases pins.
    async fn is_own_image(&self, scene: &Scene, reference: &str) -> Result<bool, Error> {
        if ownership::is_image_of(reference, scene.application.slug.as_str()) {
            return Ok(true);
        }
        let environments = self.parts.store.environments(scene.application.id).await?;
        for environment in environments {
            let all = PageRequest::first(u32::MAX);
            let releases = self.parts.store.releases(environment.id, &all).await?;
            if releases
                .rows
                .iter()
                .any(|release| release.image == reference)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The instances of an environment that are not removed.
    pub(crate) async fn environment_instances(
        &self,
        scene: &Scene,
    ) -> Result<Vec<Instance>, Error> {
        let filter = InstanceFilter {
            environment: Some(scene.environment.id),
            ..InstanceFilter::default()
        };
        Ok(self
            .parts
            .store
            .instances(&filter, &PageRequest::first(u32::MAX))
            .await?
            .rows)
    }

    /// The instances that the next release will have.
    pub(crate) async fn wished_instances(
        &self,
        instances: &[Instance],
    ) -> Result<Vec<WishedInstance>, Error> {
        let mut wished = Vec::new();
        for instance in instances {
            if !instance.state.is_wished() {
                continue;
            }
            let service = self.parts.service(instance.service).await?;
            wished.push(WishedInstance {
                instance: instance.id,
                prefix: instance.prefix.clone(),
                url_scheme: instance.url_scheme.clone(),
                profile: instance.profile,
                media_host: self.parts.media_host(instance, &service)?,
                provision: instance.state == InstanceState::New,
            });
        }
        Ok(wished)
    }

    /// The custom variables that the next release will have, by reference.
    pub(crate) async fn wished_variables(
        &self,
        scene: &Scene,
    ) -> Result<Vec<ReleaseVariable>, Error> {
        let custom = self.custom_variables(scene.environment.id).await?;
        Ok(custom
            .into_iter()
            .map(|variable| ReleaseVariable {
                name: variable.name,
                source: VariableSource::Custom,
                value: VariableValue::Secret(variable.value),
                is_sensitive: variable.is_sensitive,
            })
            .collect())
    }
}

fn source_error(error: &build::Error) -> Error {
    let failure = crate::failures::build(error);
    match error {
        build::Error::EmptyRepository(_) => Error::refused("empty_repository", described(&failure)),
        build::Error::NoBranch { .. } => Error::refused("no_branch", described(&failure)),
        build::Error::Git { .. } => Error::refused("git", described(&failure)),
        build::Error::Remote { .. } => Error::invalid("source", described(&failure)),
        _ => failure.into(),
    }
}

fn described(failure: &windlass_operations::Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{}. {hint}", failure.message),
        None => failure.message.clone(),
    }
}
