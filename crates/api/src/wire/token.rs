//! Tokens.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::access::Level;
use windlass_model::id::{ApplicationId, OrganisationId, UserId};
use windlass_platform::{MadeToken, NewToken};
use windlass_records::Token;

use super::{time, timestamp};
use crate::error::ApiError;

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenItem {
    uuid: String,
    /// The user that it is of.
    user: String,
    name: String,
    /// `read`, `deploy` or `manage`.
    level: &'static str,
    /// The organisation that it is for; null for every one of its user's.
    #[schema(required)]
    organisation: Option<String>,
    /// The application that it is for; null for every one.
    #[schema(required)]
    application: Option<String>,
    created_at: String,
    /// From when on it is not taken any more.
    #[schema(required)]
    expires_at: Option<String>,
    /// When it was used last, to a minute.
    #[schema(required)]
    last_used_at: Option<String>,
}

impl From<Token> for TokenItem {
    fn from(token: Token) -> Self {
        Self {
            uuid: token.id.to_string(),
            user: token.user.to_string(),
            name: token.name,
            level: token.level.as_str(),
            organisation: token.scope.organisation().map(|id| id.to_string()),
            application: token.scope.application().map(|id| id.to_string()),
            created_at: time(token.created_at),
            expires_at: token.expires_at.map(time),
            last_used_at: token.last_used_at.map(time),
        }
    }
}

/// A new token with its text, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTokenItem {
    /// The text of the token.
    token: String,
    #[serde(flatten)]
    item: TokenItem,
}

impl From<MadeToken> for NewTokenItem {
    fn from(made: MadeToken) -> Self {
        Self {
            token: made.text.expose_secret().to_owned(),
            item: made.token.into(),
        }
    }
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateToken {
    /// What it is for.
    name: String,
    /// `read`, `deploy` or `manage`.
    #[schema(value_type = String)]
    level: Level,
    /// The service account that it is for, if not for the caller.
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
    /// The organisation that it is for, if for one only.
    #[schema(value_type = Option<String>)]
    organisation: Option<OrganisationId>,
    /// The application that it is for, if for one only.
    #[schema(value_type = Option<String>)]
    application: Option<ApplicationId>,
    /// When it ends, if it does: RFC 3339.
    expires_at: Option<String>,
}

impl CreateToken {
    pub(crate) fn new_token(self) -> Result<NewToken, ApiError> {
        let end = self.expires_at.as_deref();
        Ok(NewToken {
            name: self.name,
            level: self.level,
            user: self.user,
            organisation: self.organisation,
            application: self.application,
            expires_at: end.map(|text| timestamp("expires_at", text)).transpose()?,
        })
    }
}
