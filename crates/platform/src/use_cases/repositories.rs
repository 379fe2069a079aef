//! Repositories elsewhere: registered, checked, forgotten, read for deployments.

use secrecy::SecretString;
use windlass_delivery::build::{self, Access};
use windlass_model::access::Action;
use windlass_model::id::{OrganisationId, RepositoryId};
use windlass_model::names::BranchName;
use windlass_model::repository::{KeyType, RepositoryState};
use windlass_operations::Failure;
use windlass_records::{Application, Change, NewSecret, Repository, RepositoryAccess};

use super::applications::no_organisation;
use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::{Error, FieldError};
use crate::failures;
use crate::ids;
use crate::parts::Parts;
use crate::platform::Platform;

/// Longer than the name or token of any host.
const MAX_CREDENTIAL: usize = 4096;
/// Longer than any URL that hosts give.
const MAX_URL: usize = 2048;

/// A repository elsewhere to be registered.
#[derive(Clone, Default)]
pub struct NewRepository {
    /// Where it is.
    pub url: String,
    /// The user, if it needs one.
    pub username: Option<String>,
    /// The user's password or token.
    pub password: Option<SecretString>,
    /// The type of the deploy key that is to be made, for ssh.
    pub key_type: Option<String>,
}

/// What a check of a repository found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryCheck {
    /// The repository as it is now.
    pub repository: Repository,
    /// `success`, or what is wrong.
    pub code: &'static str,
}

/// The ways of access that a request names, before anything is made.
enum Wanted {
    Open,
    Password(String, SecretString),
    Key(KeyType),
}

impl Platform {
    /// Checks what a repository would be registered from, and registers nothing.
    pub fn check_repository_request(&self, new: &NewRepository) -> Result<(), Error> {
        self.wanted_access(new).map(drop)
    }

    /// Registers a repository elsewhere. With a type of key a deploy key is made, whose public part its host has to be
    /// told.
    pub async fn register_repository(
        &self,
        context: &Context,
        organisation: OrganisationId,
        new: NewRepository,
    ) -> Result<Repository, Error> {
        let place = Place::Organisation(organisation);
        authorize(context, Action::CreateApplication, &place, no_organisation)?;
        let now = self.parts.now();
        let secret = |value| NewSecret {
            id: ids::mint(),
            value,
            created_at: now,
        };
        let (access, secret) = match self.wanted_access(&new)? {
            Wanted::Open => (RepositoryAccess::Open, None),
            Wanted::Password(username, password) => {
                let password = secret(password);
                let access = RepositoryAccess::Password {
                    username,
                    password: password.id,
                };
                (access, Some(password))
            }
            Wanted::Key(key_type) => {
                let key = self.parts.builder.make_key(key_type).await;
                let key = key.map_err(|error| Error::Unavailable(error.to_string()))?;
                let private = secret(key.private);
                let access = RepositoryAccess::Key {
                    key_type,
                    public_key: key.public,
                    private_key: private.id,
                };
                (access, Some(private))
            }
        };
        let repository = Repository {
            id: ids::mint(),
            organisation,
            url: new.url.trim().to_owned(),
            access,
            state: RepositoryState::Cloning,
            failure: None,
            created_at: now,
        };
        let mut changes: Vec<Change> = secret.map(Change::InsertSecret).into_iter().collect();
        changes.extend([
            Change::InsertRepository(repository.clone()),
            self.audit_organisation(
                context,
                "repository.register",
                &repository.url,
                organisation,
                "",
            ),
        ]);
        self.parts.store.commit(changes).await?;
        Ok(repository)
    }

    fn wanted_access(&self, new: &NewRepository) -> Result<Wanted, Error> {
        let url = new.url.trim();
        if url.is_empty() || url.len() > MAX_URL {
            return Err(Error::invalid("url", "Enter a valid URL."));
        }
        let is_http = ["http://", "https://"].iter().any(|scheme| {
            url.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let is_ssh = !is_http
            && (url.to_ascii_lowercase().starts_with("ssh://")
                || (url.contains(':') && !url.contains("://")));
        self.parts
            .builder
            .check_remote(url, is_ssh)
            .map_err(|error| Error::invalid("url", error.to_string()))?;
        let blank = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        match &new.key_type {
            Some(_) if !is_ssh => Err(Error::invalid(
                "key_type",
                "a deploy key opens repositories with an ssh URL only",
            )),
            Some(_) if !blank(&new.username) || new.password.is_some() => Err(Error::invalid(
                "key_type",
                "either a deploy key or a user with a password can be had",
            )),
            Some(word) => word.parse().map(Wanted::Key).map_err(|_| {
                let all: Vec<&str> = KeyType::ALL.iter().map(|key| key.as_str()).collect();
                Error::invalid("key_type", format!("there is {}", all.join(", ")))
            }),
            None if is_ssh => Ok(Wanted::Key(KeyType::Ed25519)),
            None => password(new, is_http),
        }
    }

    /// A repository elsewhere.
    pub async fn repository(
        &self,
        context: &Context,
        id: RepositoryId,
    ) -> Result<Repository, Error> {
        self.load_repository(context, Action::ViewOrganisation, id)
            .await
    }

    pub(super) async fn load_repository(
        &self,
        context: &Context,
        action: Action,
        id: RepositoryId,
    ) -> Result<Repository, Error> {
        let missing = || Error::not_found("repository", id);
        let repository = self.parts.store.repository(id).await?;
        let repository = repository.ok_or_else(missing)?;
        let place = Place::Organisation(repository.organisation);
        authorize(context, action, &place, missing)?;
        Ok(repository)
    }

    /// Asks a repository elsewhere for a branch, and keeps what came of it.
    pub async fn check_repository(
        &self,
        context: &Context,
        id: RepositoryId,
        branch: &str,
    ) -> Result<RepositoryCheck, Error> {
        let loaded = self.load_repository(context, Action::CreateApplication, id);
        let mut repository = loaded.await?;
        let branch: BranchName = branch
            .parse()
            .map_err(|error| Error::name("branch", &error))?;
        let access = self.parts.repository_access(&repository).await?;
        let found = self
            .parts
            .builder
            .resolve_remote(&repository.url, &branch, &access)
            .await;
        let (state, failure, code) = match found {
            Ok(_) => (RepositoryState::Cloned, None, "success"),
            Err(error) => {
                let code = match error {
                    build::Error::EmptyRepository(_) => "empty",
                    build::Error::NoBranch { .. } => "no_branch",
                    _ => "unreadable",
                };
                (RepositoryState::Invalid, Some(error.to_string()), code)
            }
        };
        self.parts
            .store
            .commit(vec![Change::SetRepositoryState {
                id,
                state,
                failure: failure.clone(),
            }])
            .await?;
        repository.state = state;
        repository.failure = failure;
        Ok(RepositoryCheck { repository, code })
    }

    /// Forgets a repository that no application has.
    pub async fn forget_repository(
        &self,
        context: &Context,
        id: RepositoryId,
    ) -> Result<(), Error> {
        let loaded = self.load_repository(context, Action::CreateApplication, id);
        let repository = loaded.await?;
        let changes = vec![
            Change::DeleteRepository(id),
            self.audit_organisation(
                context,
                "repository.forget",
                &repository.url,
                repository.organisation,
                "",
            ),
        ];
        Ok(self.parts.store.commit(changes).await?)
    }

    /// The repository elsewhere that has an application's code, if one has.
    pub async fn application_repository(
        &self,
        application: &Application,
    ) -> Result<Option<Repository>, Error> {
        let Some(id) = application.repository else {
            return Ok(None);
        };
        Ok(Some(self.parts.known_repository(id).await?))
    }
}

fn password(new: &NewRepository, is_http: bool) -> Result<Wanted, Error> {
    let (username, password) = match (&new.username, &new.password) {
        (Some(username), Some(password)) => (username, password),
        (None, None) => return Ok(Wanted::Open),
        (Some(name), None) if name.is_empty() => return Ok(Wanted::Open),
        (Some(_), None) => return Err(Error::invalid("password", "This field is required.")),
        (None, Some(_)) => return Err(Error::invalid("username", "This field is required.")),
    };
    if !is_http {
        return Err(Error::invalid(
            "username",
            "a user and a password open repositories with an http or https URL only",
        ));
    }
    let fits = |text: &str| text.len() <= MAX_CREDENTIAL && !text.chars().any(char::is_control);
    let wrong: Vec<FieldError> = [
        ("username", !username.is_empty() && fits(username)),
        (
            "password",
            fits(secrecy::ExposeSecret::expose_secret(password)),
        ),
    ]
    .into_iter()
    .filter(|(_, good)| !good)
    .map(|(field, _)| FieldError {
        field,
        message: format!("up to {MAX_CREDENTIAL} characters of one line are needed"),
    })
    .collect();
    if wrong.is_empty() {
        Ok(Wanted::Password(username.clone(), password.clone()))
    } else {
        Err(Error::Invalid(wrong))
    }
}

impl Parts {
    async fn known_repository(&self, id: RepositoryId) -> Result<Repository, Failure> {
        self.store
            .repository(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("repository {id} is not in the store")))
    }

    async fn repository_access(&self, repository: &Repository) -> Result<Access, Failure> {
        Ok(match &repository.access {
            RepositoryAccess::Open => Access::Open,
            RepositoryAccess::Password { username, password } => Access::Password {
                username: username.clone(),
                password: self.reveal(*password).await?,
            },
            RepositoryAccess::Key { private_key, .. } => {
                Access::Key(self.reveal(*private_key).await?)
            }
        })
    }

    /// What opens the registered repository of a source; nothing is needed where there is none.
    pub(crate) async fn source_access(
        &self,
        repository: Option<RepositoryId>,
    ) -> Result<Access, Failure> {
        match repository {
            None => Ok(Access::Open),
            Some(id) => {
                let repository = self.known_repository(id).await?;
                self.repository_access(&repository).await
            }
        }
    }
}
