//! Releases of an environment.

use windlass_model::access::Action;
use windlass_model::id::EnvironmentId;
use windlass_records::{Page, PageRequest, Release};

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

/// A release as people see it.
#[derive(Debug, Clone)]
pub struct ReleaseView {
    /// The release.
    pub release: Release,
    /// Whether it is the running one.
    pub is_running: bool,
}

impl Platform {
    /// The releases of an environment, newest first.
    pub async fn releases(
        &self,
        context: &Context,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<ReleaseView>, Error> {
        let scene = self
            .load_scene(context, Action::ViewApplication, environment)
            .await?;
        let found = self.parts.store.releases(environment, page).await?;
        let running = scene.environment.running_release;
        let rows = found
            .rows
            .into_iter()
            .map(|release| ReleaseView {
                is_running: running == Some(release.id),
                release,
            })
            .collect();
        Ok(Page {
            rows,
            count: found.count,
            next: found.next,
        })
    }
}
