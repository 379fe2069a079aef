//! The builder: repositories and builds on one machine.

use async_trait::async_trait;
use tokio::sync::mpsc;
use windlass_delivery::build::{
    Access, BuildOrder, Builder, BuiltImage, DeployKey, Error, GitRequest, GitResponse, Template,
};
use windlass_engine::LogLine;
use windlass_model::id::ApplicationId;
use windlass_model::names::{ApplicationSlug, BranchName};
use windlass_model::repository::KeyType;

use crate::http::Server;
use crate::image::{self, Log, Parts};
use crate::key;
use crate::remote::Remotes;
use crate::repository::Repositories;
use crate::settings::BuilderSettings;
use crate::template::Templates;
use crate::trust::Trust;

/// Keeps repositories in a directory and builds from them with git's own programs.
///
/// One directory belongs to one builder at a time.
pub struct GitBuilder {
    settings: BuilderSettings,
    repositories: Repositories,
    remotes: Remotes,
    templates: Templates,
    trust: Option<Trust>,
    server: Server,
}

impl GitBuilder {
    /// Prepares the directory, clears what a killed server left there unfinished, and reads the
    /// certificates. Blocks for a moment.
    pub fn new(settings: BuilderSettings) -> Result<Self, Error> {
        let limits = &settings.limits;
        let repositories =
            Repositories::open(&settings.directory, limits.max_pack_bytes, limits.local)?;
        let trust = Trust::load(&settings.certificates, repositories.directory())?;
        let remotes = Remotes::open(
            &settings,
            repositories.directory(),
            trust.as_ref().map(Trust::file),
        )?;
        let server = Server::new(
            repositories.directory(),
            limits.clone(),
            settings.minimum_free_bytes,
        );
        Ok(Self {
            settings,
            repositories,
            remotes,
            templates: Templates::default(),
            trust,
            server,
        })
    }

    /// Ends the pushes and clones that are under way and waits until git is gone. For the server's stop.
    pub async fn close(&self) {
        self.server.close().await;
    }
}

#[async_trait]
impl Builder for GitBuilder {
    async fn ensure_repository(
        &self,
        application: ApplicationId,
        _slug: &ApplicationSlug,
    ) -> Result<(), Error> {
        self.repositories
            .ensure(&self.repositories.path(application))
            .await
    }

    async fn remove_repository(&self, application: ApplicationId) -> Result<(), Error> {
        self.repositories.remove(application).await
    }

    async fn serve_git(
        &self,
        application: ApplicationId,
        request: GitRequest,
    ) -> Result<GitResponse, Error> {
        self.server
            .serve(application, &self.repositories.path(application), request)
            .await
    }

    async fn resolve_branch(
        &self,
        application: ApplicationId,
        slug: &ApplicationSlug,
        branch: &BranchName,
    ) -> Result<String, Error> {
        self.repositories
            .resolve(application, slug.as_str(), branch)
            .await
    }

    async fn resolve_remote(
        &self,
        url: &str,
        branch: &BranchName,
        access: &Access,
    ) -> Result<String, Error> {
        self.remotes
            .resolve(&self.repositories, url, branch, access)
            .await
    }

    fn check_remote(&self, url: &str, with_key: bool) -> Result<(), Error> {
        self.remotes.check(url, with_key)
    }

    async fn make_key(&self, key_type: KeyType) -> Result<DeployKey, Error> {
        key::make(&self.repositories, key_type).await
    }

    async fn fill_repository(
        &self,
        application: ApplicationId,
        branch: &BranchName,
        template: &Template,
    ) -> Result<(), Error> {
        self.templates
            .fill(&self.repositories, application, branch, template)
            .await
    }

    async fn build(
        &self,
        order: BuildOrder,
        output: mpsc::Sender<LogLine>,
    ) -> Result<BuiltImage, Error> {
        let cancel = order.cancel.clone();
        let parts = Parts {
            settings: &self.settings,
            repositories: &self.repositories,
            remotes: &self.remotes,
            trust: self.trust.as_ref(),
        };
        let log = Log(output);
        // Dropping the work ends git's programs and the engine's build.
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            built = image::build(&parts, order, &log) => built,
        }
    }
}
