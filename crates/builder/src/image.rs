//! From an order to an image.

use std::sync::Arc;

use tokio::sync::mpsc;
use windlass_delivery::build::{Adoption, BuildOrder, BuiltImage, Error, Manifest, Source};
use windlass_engine::Error as E;
use windlass_engine::{BuildRequest, Engine, ImageId, ImageReference, LogLine};

use crate::context::{Commit, Entry};
use crate::remote::{Remotes, Wanted};
use crate::repository::Repositories;
use crate::settings::BuilderSettings;
use crate::trust::Trust;
use crate::{bases, disk, dockerfile, procfile};

/// Lines of a build that may be under way within the builder.
const OUTPUT: usize = 64;

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
            repository: _,
        } => {
            disk::require_free(
                parts.repositories.directory(),
                parts.settings.minimum_free_bytes,
            )?;
            let copy = parts
                .remotes
                .fetch(
                    parts.repositories,
                    order.application,
                    Wanted {
                        url,
                        branch,
                        commit,
                        access: &order.access,
                    },
                )
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
    if let Some(adoption) = &order.adopt
        && let Some(image) = adopt(&engine, adoption, &order.tag, log).await?
    {
        return Ok(BuiltImage { image, manifest });
    }
    if !engine.capabilities().build {
        return Err(windlass_engine::Error::Unsupported("build images").into());
    }
    let image = make(parts, order, &commit, log).await?;
    Ok(BuiltImage { image, manifest })
}

/// Gives an image that was built from the same commit this deployment's tag; nothing if it is gone and may be built
/// again.
async fn adopt(
    engine: &Arc<dyn Engine>,
    adoption: &Adoption,
    tag: &ImageReference,
    log: &Log,
) -> Result<Option<ImageId>, Error> {
    let release = &adoption.release;
    match engine.tag(&adoption.image, tag).await {
        Ok(()) => {
            log.say(format!(
                "the image of {release}, which is of the same commit, is used again"
            ))
            .await;
            Ok(Some(adoption.image.clone()))
        }
        Err(E::NotFound { .. }) if adoption.only => Err(Error::ImageGone(release.clone())),
        Err(E::NotFound { .. }) => {
            log.say(format!(
                "the image of {release} is not on the engine any more; it is built again"
            ))
            .await;
            Ok(None)
        }
        Err(error) => Err(engine_error(error)),
    }
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
    let dockerfile = dockerfile(parts, &order, commit, &entry, log).await?;
    let context = commit
        .context(parts.repositories.work_directory()?, dockerfile.as_bytes())
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
    let (sender, lines) = mpsc::channel(OUTPUT);
    let (built, seen) = tokio::join!(order.engine.build(request, sender), follow(lines, log));
    built.map_err(|error| build_error(error, seen))
}

/// What the output of a build said.
#[derive(Default)]
struct Seen {
    /// The step that it came to.
    step: Option<String>,
    /// A line that tells of a full disk.
    full: Option<String>,
}

/// Passes the lines on.
async fn follow(mut lines: mpsc::Receiver<LogLine>, log: &Log) -> Seen {
    let mut seen = Seen::default();
    while let Some(line) = lines.recv().await {
        if line.text.starts_with("Step ") {
            seen.step = Some(line.text.clone());
        } else if disk::tells_of_full(&line.text) {
            seen.full = Some(without_colours(line.text.trim()));
        }
        // Nobody listening is no reason to fail.
        let _ = log.0.send(line).await;
    }
    seen
}

/// The text without the sequences by which Docker colours what a program says to standard error.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, behind)| behind));
    std::iter::once(first).chain(rest).collect()
}

/// The failure of a build. A program that finds the disk full ends like any other that fails, and only its
/// output says why; what it had written is gone by then, so the disk cannot be asked any more.
fn build_error(error: E, seen: Seen) -> Error {
    let step = seen.step.as_deref().unwrap_or("its beginning");
    let what = match (&error, seen.full) {
        (E::DiskFull { .. }, _) => error.to_string(),
        (E::BuildFailed(words), _) if disk::tells_of_full(words) => words.clone(),
        (E::BuildFailed(words), Some(line)) => format!("{line} ({words})"),
        _ => return engine_error(error),
    };
    Error::DiskFull(format!(
        "the engine's disk ran full during the build, at '{}': {what}. Nothing of the build was kept. Make room on \
         that disk ('docker system df' shows what uses it), then deploy again",
        dockerfile::shown(step)
    ))
}

/// The Dockerfile as it is built: checked, and with the images that its stages begin from replaced by the very
/// ones that were looked at. A name might stand for another image by the time that the build comes to it.
async fn dockerfile(
    parts: &Parts<'_>,
    order: &BuildOrder,
    commit: &Commit,
    entry: &Entry,
    log: &Log,
) -> Result<String, Error> {
    let content = if entry.is_plain() {
        commit.content("Dockerfile", entry).await?
    } else {
        commit.linked("Dockerfile").await?
    };
    let mut text = String::from_utf8(content).map_err(|_| {
        commit.invalid(
            "Dockerfile",
            "it is no text in UTF-8; save it as that".to_owned(),
        )
    })?;
    let given: Vec<String> = parts
        .settings
        .proxies
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let bases = dockerfile::read(&text, &given)
        .map_err(|refusal| commit.invalid("Dockerfile", refusal.to_string()))?;
    let bases = bases::find(order, commit, bases, log).await?;
    // From the end, so that the places before stay where they are.
    for base in bases.into_iter().rev() {
        let derived = match parts.trust {
            Some(trust) => trust.derive(order, &base, log).await?,
            None => None,
        };
        let name = derived.map_or_else(|| base.image.0.clone(), |derived| derived.0);
        text.replace_range(base.base.range, &name);
    }
    Ok(text)
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
pub(crate) fn engine_error(error: E) -> Error {
    match error {
        E::DiskFull { .. } => Error::DiskFull(format!(
            "{error}; make room there ('docker system df' shows what uses it), then deploy again"
        )),
        error => error.into(),
    }
}
