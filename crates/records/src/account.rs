//! Organisations, users, memberships, tokens and invitations.

use serde::{Deserialize, Serialize};
use windlass_model::access::{Level, Role};
use windlass_model::id::{ApplicationId, InvitationId, OrganisationId, TokenId, UserId};
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

/// What kind of user it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// A person, of any number of organisations.
    Person,
    /// A machine of one organisation, whose admins manage its tokens.
    ServiceAccount,
}

/// A user. What it may do in which organisation is its [`Membership`]s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// A person or a machine.
    pub kind: UserKind,
    /// Its address, unique in the installation.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether it operates the installation: brokers and organisations are its to make.
    pub is_operator: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a user is in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The user.
    pub user: UserId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// What it may do there.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

/// A user with what it is in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// What it is there.
    pub membership: Membership,
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
    /// What it may be used for at most.
    pub level: Level,
    /// Where it may be used.
    pub scope: Scope,
    /// When it was created.
    pub created_at: Timestamp,
    /// From when on it is not taken any more.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// Where a token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Wherever its user may do something.
    Everywhere,
    /// In one organisation.
    Organisation(OrganisationId),
    /// In one application of that organisation.
    Application(OrganisationId, ApplicationId),
}

impl Scope {
    /// The organisation, if it is for one.
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Everywhere => None,
            Self::Organisation(id) | Self::Application(id, _) => Some(id),
        }
    }

    /// The application, if it is for one.
    pub fn application(self) -> Option<ApplicationId> {
        match self {
            Self::Everywhere | Self::Organisation(_) => None,
            Self::Application(_, id) => Some(id),
        }
    }

    /// Whether all of the other is in it.
    pub fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) => true,
            (Self::Organisation(own), other) => other.organisation() == Some(own),
            (Self::Application(..), other) => self == other,
        }
    }
}

/// Whom a token stands for: all that is to be known of a caller, in one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The token.
    pub token: Token,
    /// Its user.
    pub user: User,
    /// What the user is, in every organisation of it.
    pub memberships: Vec<Membership>,
}

/// An invitation to an organisation. Its secret is shown once and never kept; it is gone when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To which organisation.
    pub organisation: OrganisationId,
    /// The address of whom is invited.
    pub email: String,
    /// What it will be there.
    pub role: Role,
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// The address of who invited it.
    pub invited_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is not taken any more.
    pub expires_at: Timestamp,
}
