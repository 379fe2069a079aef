//! Build modes: whether the image of a release of the same commit is used again.

use windlass_delivery::build::Source;
use windlass_engine::ImageId;
use windlass_records::{PageRequest, Release};

use super::deployments::BuildMode;
use crate::definitions::deployment::snapshot::Adopted;
use crate::error::Error;
use crate::platform::Platform;
use crate::scene::Scene;

impl Platform {
    /// The image that is used instead of a build. A commit says everything that goes into its image but the images that
    /// its Dockerfile begins from: who wants newer ones of these forces a build.
    pub(super) async fn adopted(
        &self,
        scene: &Scene,
        source: &Source,
        mode: BuildMode,
    ) -> Result<Option<Adopted>, Error> {
        let Some(commit) = source.commit() else {
            return match mode {
                BuildMode::Auto => Ok(None),
                BuildMode::Adopt | BuildMode::Force => Err(Error::invalid(
                    "build_mode",
                    "a ready image is taken as it is; nothing is built or looked for",
                )),
            };
        };
        if mode == BuildMode::Force {
            return Ok(None);
        }
        let only = mode == BuildMode::Adopt;
        let release = self.release_of(scene, commit).await?;
        if only && release.is_none() {
            return Err(Error::refused(
                "no_image",
                format!(
                    "no release of '{}' is of commit {}: with the build mode ADOPT nothing is built. Deploy with AUTO",
                    scene.application.slug,
                    commit.get(..12).unwrap_or(commit)
                ),
            ));
        }
        Ok(release.map(|(environment, release)| Adopted {
            image: ImageId(release.image),
            release: format!("release {} of {environment}", release.number),
            only,
        }))
    }

    /// A release of that commit, of the environment itself if it has one; and the name of its environment.
    async fn release_of(
        &self,
        scene: &Scene,
        commit: &str,
    ) -> Result<Option<(String, Release)>, Error> {
        let mut environments = self.parts.store.environments(scene.application.id).await?;
        environments.sort_by_key(|environment| environment.id != scene.environment.id);
        for environment in environments {
            let all = PageRequest::first(u32::MAX);
            let releases = self.parts.store.releases(environment.id, &all).await?.rows;
            // The newest come first.
            let mut same = releases
                .into_iter()
                .filter(|release| release.commit.as_deref() == Some(commit));
            if let Some(release) = same.next() {
                return Ok(Some((environment.slug.to_string(), release)));
            }
        }
        Ok(None)
    }
}
