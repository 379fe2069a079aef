//! Repositories elsewhere.

use serde::{Deserialize, Serialize};
use windlass_model::id::{OrganisationId, RepositoryId, SecretId};
use windlass_model::repository::{KeyType, RepositoryState};
use windlass_model::time::Timestamp;

/// A git repository that somebody else keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Its id.
    pub id: RepositoryId,
    /// Who may use it.
    pub organisation: OrganisationId,
    /// Where it is, without credentials.
    pub url: String,
    /// How it is read.
    pub access: RepositoryAccess,
    /// What the last check found.
    pub state: RepositoryState,
    /// Why it could not be read, if so.
    pub failure: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// How a repository elsewhere is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RepositoryAccess {
    /// Everybody may read it.
    Open,
    /// A user with a password or token.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: SecretId,
    },
    /// A deploy key, which is this repository's alone.
    Key {
        /// Its type.
        key_type: KeyType,
        /// What its host is told.
        public_key: String,
        /// What the server keeps.
        private_key: SecretId,
    },
}

impl RepositoryAccess {
    /// The secret in it.
    pub fn secret(&self) -> Option<SecretId> {
        match self {
            Self::Open => None,
            Self::Password { password, .. } => Some(*password),
            Self::Key { private_key, .. } => Some(*private_key),
        }
    }
}
