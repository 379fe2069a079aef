//! From an order to an image.

use std::sync::Arc;

use tokio::sync::mpsc;
use windlass_delivery::build::{BuildOrder, BuiltImage, Error, Manifest, Source};
use windlass_engine::Error as E;
use windlass_engine::{BuildRequest, Engine, ImageId, ImageReference, LogLine};

use crate::context::Commit;
use crate::remote::Remotes;
use crate::repository::Repositories;
use crate::settings::BuilderSettings;
use crate::trust::Trust;
use crate::{disk, procfile};

/// The lines of a build.
pub(crate) struct Log(pub(crate) mpsc::Sender<LogLine>);

impl Log {
    /// Says something of Windlass's own.
    pub(crate) async fn say(&self, text: String) {
        // Nobody listening is no reason to fail.
        let _ = self
            .0
            .send(LogLine {
                at_millis: None,
                stderr: false,
                text,
            })
            .await;
    }
}

/// What a build needs of the builder.
pub(crate) struct Parts<'a> {
    pub(crate) settings: &'a BuilderSettings,
    pub(crate) repositories: &'a Repositories,
    pub(crate) remotes: &'a Remotes,
    pub(crate) trust: Option<&'a Trust>,
}

/// Carries out the order.
pub(crate) async fn build(
    parts: &Parts<'_>,
    order: BuildOrder,
    log: &Log,
) -> Result<BuiltImage, Error> {
    let engine = Arc::clone(&order.engine);
    let (repository, id) = match &order.source {
        Source::Image { reference } => {
            // An earlier call of this order decided already, and the name may mean another image by now.
            let image = match engine.image(&order.tag).await.map_err(engine_error)? {
                Some(image) => image,
                None => find(&engine, reference, log).await?,
            };
            engine.tag(&image, &order.tag).await.map_err(engine_error)?;
            return Ok(BuiltImage {
                image,
                manifest: Manifest::default(),
            });
        }
        Source::Branch { commit, .. } => {
            (parts.repositories.path(order.application), commit.clone())
        }
        Source::Remote {
            url,
            branch,
            commit,
        } => {
            disk::require_free(
                parts.repositories.directory(),
                parts.settings.minimum_free_bytes,
            )?;
            let copy = parts
                .remotes
                .fetch(parts.repositories, order.application, url, branch, commit)
                .await?;
            (copy, commit.clone())
        }
    };
    let commit = Commit {
        repository,
        id,
        local: parts.settings.limits.local,
    };
    commit.require().await?;
    let manifest = match commit.file("Procfile").await? {
        Some(content) => {
            procfile::parse(&content).map_err(|reason| commit.invalid("Procfile", reason))?
        }
        None => Manifest::default(),
    };
    if let Some(image) = engine.image(&order.tag).await.map_err(engine_error)? {
        log.say(format!(
            "the image {} of this deployment is there already",
            order.tag
        ))
        .await;
        return Ok(BuiltImage { image, manifest });
    }
    if !engine.capabilities().build {
        return Err(windlass_engine::Error::Unsupported("build images").into());
    }
    let image = make(parts, order, &commit, log).await?;
    Ok(BuiltImage { image, manifest })
}

async fn make(
    parts: &Parts<'_>,
    order: BuildOrder,
    commit: &Commit,
    log: &Log,
) -> Result<ImageId, Error> {
    let Some(entry) = commit.entry("Dockerfile").await? else {
        return Err(Error::NoDockerfile {
            commit: commit.id.clone(),
        });
    };
    disk::require_free(
        parts.repositories.directory(),
        parts.settings.minimum_free_bytes,
    )?;
    log.say(format!("building {} from commit {}", order.slug, commit.id))
        .await;
    if commit.entry(".gitmodules").await?.is_some() {
        log.say(
            "git submodules are not fetched: their directories are empty in the build".to_owned(),
        )
        .await;
    }
    if commit
        .file(".gitattributes")
        .await?
        .is_some_and(|content| String::from_utf8_lossy(&content).contains("filter=lfs"))
    {
        log.say("Git LFS is not supported: its files are in the build as pointers".to_owned())
            .await;
    }
    let dockerfile = match parts.trust {
        None => None,
        Some(trust) if entry.is_plain() => {
            let content = commit.content("Dockerfile", &entry).await?;
            trust.apply(&order, &content, log).await?
        }
        Some(_) => {
            log.say(
                "the Dockerfile is a link: the operator's certificates are not added".to_owned(),
            )
            .await;
            None
        }
    };
    let context = commit
        .context(parts.repositories.work_directory()?, dockerfile.as_deref())
        .await?;
    let request = BuildRequest {
        tag: order.tag,
        context: context.stream()?,
        dockerfile: "Dockerfile".to_owned(),
        target: None,
        arguments: parts.settings.proxies.clone(),
        cache: order.cache,
        memory_bytes: parts.settings.build_memory_bytes,
        labels: order.labels,
    };
    order
        .engine
        .build(request, log.0.clone())
        .await
        .map_err(engine_error)
}

/// The image on the engine, pulled if the engine does that.
pub(crate) async fn find(
    engine: &Arc<dyn Engine>,
    reference: &ImageReference,
    log: &Log,
) -> Result<ImageId, Error> {
    if let Some(image) = engine.image(reference).await.map_err(engine_error)? {
        return Ok(image);
    }
    let missing = |reason: String| Error::NoImage {
        reference: reference.to_string(),
        reason,
    };
    if !engine.capabilities().pull {
        return Err(missing(
            "it is not on the engine, and this engine does not pull; load or build it there first"
                .to_owned(),
        ));
    }
    log.say(format!("pulling {reference}")).await;
    match engine.pull(reference, log.0.clone()).await {
        Ok(image) => Ok(image),
        Err(error @ (E::NotFound { .. } | E::Refused { .. } | E::Failed { .. })) => {
            Err(missing(format!("it is not on the engine, and {error}")))
        }
        Err(error) => Err(engine_error(error)),
    }
}

/// An engine's error as the builder's.
pub(crate) fn engine_error(error: windlass_engine::Error) -> Error {
    match error {
        windlass_engine::Error::DiskFull { .. } => Error::DiskFull(error.to_string()),
        windlass_engine::Error::BuildFailed(words)
            if words.to_lowercase().contains("no space left on device") =>
        {
            Error::DiskFull(format!(
                "the engine's disk ran full during the build: {words}"
            ))
        }
        error => error.into(),
    }
}
