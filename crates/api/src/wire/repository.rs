//! Repositories.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_model::repository::RepositoryState;
use windlass_platform::{NewRepository, RepositoryCheck};
use windlass_records::{Repository, RepositoryAccess};

/// A repository: an application's own, or one elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Repository)]
pub(crate) struct RepositoryItem {
    /// Its id; of an application's own that of the application.
    uuid: String,
    /// What `git clone` takes.
    dsn: String,
    /// `CLONING`: not checked yet; `CLONED`: it can be read; `INVALID`: it cannot.
    state: &'static str,
    url: String,
    /// The public part of the deploy key that its host has to be told, if it is read by one.
    #[schema(required)]
    auth_info: Option<String>,
    /// The type of that key.
    #[schema(required)]
    key_type: Option<&'static str>,
    /// The user that it is read as, if it is read with a password.
    #[schema(required)]
    username: Option<String>,
    /// Why it cannot be read.
    #[schema(required)]
    failure: Option<String>,
}

impl RepositoryItem {
    /// An application's own.
    pub(crate) fn own(application: ApplicationId, url: String) -> Self {
        Self {
            uuid: application.to_string(),
            dsn: url.clone(),
            state: RepositoryState::Cloned.as_str(),
            url,
            auth_info: None,
            key_type: None,
            username: None,
            failure: None,
        }
    }
}

impl From<Repository> for RepositoryItem {
    fn from(repository: Repository) -> Self {
        let (username, auth_info, key_type) = match repository.access {
            RepositoryAccess::Open => (None, None, None),
            RepositoryAccess::Password { username, .. } => (Some(username), None, None),
            RepositoryAccess::Key {
                key_type,
                public_key,
                ..
            } => (None, Some(public_key), Some(key_type.as_str())),
        };
        Self {
            uuid: repository.id.to_string(),
            dsn: repository.url.clone(),
            state: repository.state.as_str(),
            url: repository.url,
            auth_info,
            key_type,
            username,
            failure: repository.failure,
        }
    }
}

/// A repository elsewhere to be registered. Without `organisation` nothing is: what is given is checked.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateRepository {
    #[schema(value_type = Option<String>)]
    pub(crate) organisation: Option<OrganisationId>,
    /// `https://...`, `ssh://...` or `user@host:path`, without credentials.
    pub(crate) url: Option<String>,
    /// With a password, where it is not open to everybody.
    username: Option<String>,
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    /// The type of the deploy key that is made for ssh: `ED25519` (without), `ECDSA`, `RSA`.
    key_type: Option<String>,
}

impl CreateRepository {
    /// The repository as it is asked for.
    pub(crate) fn asked(&self) -> NewRepository {
        NewRepository {
            url: self.url.clone().unwrap_or_default(),
            username: self.username.clone(),
            password: self.password.clone(),
            key_type: self.key_type.clone(),
        }
    }
}

/// What is asked of a repository.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CheckRepository {
    /// `main` without.
    pub(crate) branch: Option<String>,
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedRepository {
    /// `success`, `empty`, `no_branch`, or `unreadable`.
    code: &'static str,
    #[serde(flatten)]
    repository: RepositoryItem,
}

impl From<RepositoryCheck> for CheckedRepository {
    fn from(check: RepositoryCheck) -> Self {
        Self {
            code: check.code,
            repository: check.repository.into(),
        }
    }
}
