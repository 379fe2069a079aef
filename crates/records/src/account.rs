//! Organisations, users and tokens.

use serde::{Deserialize, Serialize};
use windlass_model::id::{OrganisationId, TokenId, UserId};
use windlass_model::time::Timestamp;

/// An organisation: owns applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name for people.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A user and the organisation it works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its address, unique in the installation.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An access token. The text itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the token's text, in hex. The text has 256 random bits, so a slow hash adds nothing.
    pub hash: String,
    /// When it was created.
    pub created_at: Timestamp,
}
