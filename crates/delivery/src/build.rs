//! From source to image.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use windlass_engine::{Engine, ImageId, ImageReference, Labels, LogLine};
use windlass_model::id::{ApplicationId, RepositoryId};
use windlass_model::names::{ApplicationSlug, BranchName};
use windlass_model::repository::KeyType;

/// Where the code of a deployment comes from, as the snapshot keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// The head of a branch of the application's repository, resolved at the deployment's start.
    Branch {
        /// The branch.
        branch: BranchName,
        /// The full commit id.
        commit: String,
    },
    /// A git repository elsewhere: a path of the server's machine or a URL; resolved at the start.
    Remote {
        /// The path or URL, without credentials.
        url: String,
        /// The branch.
        branch: BranchName,
        /// The full commit id.
        commit: String,
        /// The registered repository that it is, which says how it is read.
        #[serde(default)]
        repository: Option<RepositoryId>,
    },
    /// A ready image; nothing is built.
    Image {
        /// Its name.
        reference: ImageReference,
    },
}

impl Source {
    /// The commit, if there is one.
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::Branch { commit, .. } | Self::Remote { commit, .. } => Some(commit),
            Self::Image { .. } => None,
        }
    }
}

/// What a repository's file says about running the code; absent files leave the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// The processes of a `Procfile`, in its order: name and command. `release` is among the release
    /// commands instead.
    pub processes: Vec<(String, String)>,
    /// The `release:` line of a `Procfile`.
    pub release_command: Option<String>,
}

/// An image that a build made or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltImage {
    /// Pinned.
    pub image: ImageId,
    /// What the source says about its processes.
    pub manifest: Manifest,
}

/// What opens a repository elsewhere besides its URL.
#[derive(Debug, Clone, Default)]
pub enum Access {
    /// Nothing: what the server's policy lets everybody read.
    #[default]
    Open,
    /// A user with a password or token, over HTTP.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A private key, over ssh.
    Key(SecretString),
}

/// A key that opens one repository.
#[derive(Debug, Clone)]
pub struct DeployKey {
    /// One line, for the repository's host.
    pub public: String,
    /// What the server keeps.
    pub private: SecretString,
}

/// An image that was built from the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Pinned.
    pub image: ImageId,
    /// The release that has it, for people.
    pub release: String,
    /// Whether nothing is built when it is gone.
    pub only: bool,
}

/// What a new repository begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Template {
    /// A zip archive that is fetched.
    Fetched {
        /// Its URL.
        url: String,
        /// Whether the operator named it: only then may it be on the server's own machine.
        is_named: bool,
    },
    /// A zip archive.
    Archive(Bytes),
}

/// A build to be made.
#[derive(Clone)]
pub struct BuildOrder {
    /// The engine that builds and will run it.
    pub engine: Arc<dyn Engine>,
    /// The application.
    pub application: ApplicationId,
    /// Its name: the repository's.
    pub slug: ApplicationSlug,
    /// What to build.
    pub source: Source,
    /// The tag of the image, named from the deployment.
    pub tag: ImageReference,
    /// Whether earlier layers may be used.
    pub cache: bool,
    /// What opens the repository elsewhere, if the source is one.
    pub access: Access,
    /// An image of that commit that is used instead of building it again.
    pub adopt: Option<Adoption>,
    /// Labels of the image.
    pub labels: Labels,
    /// Fires when the build is to be given up.
    pub cancel: CancellationToken,
}

/// What the builder does not do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was ever pushed.
    #[error("the repository of '{0}' is empty: nothing has been pushed yet")]
    EmptyRepository(String),
    /// The branch does not exist.
    #[error("the repository of '{application}' has no branch '{branch}'; it has {existing}")]
    NoBranch {
        /// The application.
        application: String,
        /// The branch asked for.
        branch: String,
        /// The branches that exist, for people.
        existing: String,
    },
    /// The source has no Dockerfile at its top.
    #[error("commit {commit} has no Dockerfile at its top")]
    NoDockerfile {
        /// The commit.
        commit: String,
    },
    /// The image is not on the engine and cannot be had.
    #[error("the image '{reference}' cannot be had: {reason}")]
    NoImage {
        /// Its name.
        reference: String,
        /// Why.
        reason: String,
    },
    /// The machine's disk has too little room to begin, or ran full.
    #[error("there is not enough room for a build: {0}")]
    DiskFull(String),
    /// A file of the repository cannot be used.
    #[error("{file} of commit {commit} is not valid: {reason}")]
    InvalidFile {
        /// The file.
        file: String,
        /// The commit.
        commit: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A repository elsewhere may not be read, or is none.
    #[error("the repository '{url}' cannot be used: {reason}")]
    Remote {
        /// Its path or URL, without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// The archive of a template cannot be used.
    #[error("the template cannot be used: {0}")]
    Template(String),
    /// The image that alone may be used is gone.
    #[error("the image of {0} is not on the engine any more")]
    ImageGone(String),
    /// git failed.
    #[error("git failed while {doing}: {reason}")]
    Git {
        /// What was being done.
        doing: String,
        /// git's words.
        reason: String,
    },
    /// It was given up.
    #[error("the build was cancelled")]
    Cancelled,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] windlass_engine::Error),
}

/// Answers of a git request over HTTP.
pub struct GitResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: futures::stream::BoxStream<'static, std::io::Result<Bytes>>,
}

/// A git request over HTTP (the smart protocol, gitprotocol-http(5)), authorised already.
pub struct GitRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The path behind `/git/<application>.git`, such as `/info/refs`.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Git-Protocol`.
    pub git_protocol: Option<String>,
    /// Who pushes, for the hooks' environment.
    pub user: String,
    /// The body.
    pub body: futures::stream::BoxStream<'static, std::io::Result<Bytes>>,
}

/// The builder: repositories and builds.
#[async_trait]
pub trait Builder: Send + Sync + 'static {
    /// Makes the application's repository; it exists already is success.
    async fn ensure_repository(
        &self,
        application: ApplicationId,
        slug: &ApplicationSlug,
    ) -> Result<(), Error>;

    /// Destroys the application's repository; absent is success.
    async fn remove_repository(&self, application: ApplicationId) -> Result<(), Error>;

    /// Serves a git request on the application's repository.
    async fn serve_git(
        &self,
        application: ApplicationId,
        request: GitRequest,
    ) -> Result<GitResponse, Error>;

    /// The commit at the head of a branch of the application's repository.
    async fn resolve_branch(
        &self,
        application: ApplicationId,
        slug: &ApplicationSlug,
        branch: &BranchName,
    ) -> Result<String, Error>;

    /// The commit at the head of a branch of a repository elsewhere.
    async fn resolve_remote(
        &self,
        url: &str,
        branch: &BranchName,
        access: &Access,
    ) -> Result<String, Error>;

    /// Whether the URL is one of a repository elsewhere that may be read, with a deploy key or without. Asks nobody.
    fn check_remote(&self, url: &str, with_key: bool) -> Result<(), Error>;

    /// Makes a deploy key.
    async fn make_key(&self, key_type: KeyType) -> Result<DeployKey, Error>;

    /// Makes the application's repository, which must be new, and commits the files of a template to its branch: all
    /// or nothing.
    async fn fill_repository(
        &self,
        application: ApplicationId,
        branch: &BranchName,
        template: &Template,
    ) -> Result<(), Error>;

    /// Builds the image, or finds the one that an earlier call of this order made; its lines go to
    /// `output`. For [`Source::Image`] it finds or pulls the image.
    async fn build(
        &self,
        order: BuildOrder,
        output: mpsc::Sender<LogLine>,
    ) -> Result<BuiltImage, Error>;
}
