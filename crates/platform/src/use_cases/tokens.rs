//! Tokens: made, listed, revoked.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::access::{Action, Level};
use windlass_model::id::{ApplicationId, OrganisationId, TokenId, UserId};
use windlass_model::time::Timestamp;
use windlass_records::{Change, Scope, Token, User, UserKind};

use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may be used for at most.
    pub level: Level,
    /// The service account that it is for; the caller itself without.
    pub user: Option<UserId>,
    /// The organisation that it is for, if for one only.
    pub organisation: Option<OrganisationId>,
    /// The application that it is for, if for one only.
    pub application: Option<ApplicationId>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A token with its text, which is not to be had again.
#[derive(Debug)]
pub struct MadeToken {
    /// The token.
    pub token: Token,
    /// Whose it is.
    pub user: User,
    /// Its text.
    pub text: SecretString,
}

/// Whose tokens, and where they may reach at most.
struct Owner {
    user: User,
    reach: Scope,
}

impl Platform {
    /// Makes a token. It reaches no further than the one that the caller has, and ends no later.
    ///
    /// # Errors
    /// A field cannot be used, or the caller may not manage tokens of that user.
    pub async fn create_token(&self, context: &Context, new: NewToken) -> Result<MadeToken, Error> {
        let owner = self
            .token_owner(context, Action::ManageAccount, new.user)
            .await?;
        let name = checked_name("name", &new.name)?;
        let scope = self.token_scope(context, &owner, &new).await?;
        let now = self.parts.now();
        let expires_at = checked_end(new.expires_at, context.expires_at, now)?;
        let text = ids::token();
        let token = Token {
            id: ids::mint(),
            user: owner.user.id,
            name,
            hash: ids::token_hash(text.expose_secret()),
            // Nobody gets here with a token of a lower level.
            level: new.level,
            scope,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        let mut changes = self.audit_token(context, "token.create", &owner.user, &token);
        changes.push(Change::InsertToken(token.clone()));
        self.parts.store.commit(changes).await?;
        Ok(MadeToken {
            token,
            user: owner.user,
            text,
        })
    }

    /// The caller's tokens, or those of a service account: as far as the caller's own token reaches.
    pub async fn tokens(
        &self,
        context: &Context,
        user: Option<UserId>,
    ) -> Result<Vec<Token>, Error> {
        let owner = self.token_owner(context, Action::ViewAccount, user).await?;
        let mut tokens = self.parts.store.tokens(owner.user.id).await?;
        tokens.retain(|token| context.scope.contains(token.scope));
        Ok(tokens)
    }

    /// Revokes a token of the caller, or of a service account: it stops at once.
    pub async fn revoke_token(&self, context: &Context, id: TokenId) -> Result<(), Error> {
        let missing = || Error::not_found("token", id);
        let token = self.parts.store.token(id).await?.ok_or_else(missing)?;
        let owner = self.token_owner(context, Action::ManageAccount, Some(token.user));
        let owner = owner.await.map_err(|error| match error {
            Error::NotFound { .. } => missing(),
            other => other,
        })?;
        if !context.scope.contains(token.scope) {
            return Err(missing());
        }
        let mut changes = self.audit_token(context, "token.revoke", &owner.user, &token);
        changes.push(Change::DeleteToken(id));
        Ok(self.parts.store.commit(changes).await?)
    }

    /// Whose tokens are meant, if the caller may do that with them.
    async fn token_owner(
        &self,
        context: &Context,
        own: Action,
        user: Option<UserId>,
    ) -> Result<Owner, Error> {
        let wanted = user.unwrap_or(context.user);
        let missing = || Error::not_found("user", wanted);
        let user = self.parts.store.user(wanted).await?.ok_or_else(missing)?;
        // A machine makes no tokens for itself: what it was given would outlive being revoked.
        let is_person = user.kind == UserKind::Person;
        if wanted == context.user && (is_person || own == Action::ViewAccount) {
            authorize(context, own, &Place::Everyone, missing)?;
            return Ok(Owner {
                user,
                reach: context.scope,
            });
        }
        if is_person {
            return Err(missing());
        }
        let memberships = self.parts.store.memberships(wanted).await?;
        let home = memberships.first().ok_or_else(missing)?.organisation;
        let place = Place::Organisation(home);
        authorize(context, Action::ManageServiceAccounts, &place, missing)?;
        Ok(Owner {
            user,
            reach: Scope::Organisation(home),
        })
    }

    /// Where the new token may be used: as far as it can, if nothing is said.
    async fn token_scope(
        &self,
        context: &Context,
        owner: &Owner,
        new: &NewToken,
    ) -> Result<Scope, Error> {
        let scope = match (new.organisation, new.application) {
            (None, None) => return Ok(owner.reach),
            (Some(organisation), None) => {
                let loaded =
                    self.load_organisation(context, Action::ViewOrganisation, organisation);
                Scope::Organisation(loaded.await?.id)
            }
            (organisation, Some(application)) => {
                let loaded = self.load_application(context, Action::ViewApplication, application);
                let application = loaded.await?;
                if organisation.is_some_and(|given| given != application.organisation) {
                    return Err(Error::invalid(
                        "application",
                        "the application belongs to another organisation",
                    ));
                }
                Scope::Application(application.organisation, application.id)
            }
        };
        if owner.reach.contains(scope) {
            Ok(scope)
        } else {
            Err(Error::refused(
                "not_allowed",
                "the new token would reach further than it may: not beyond the one that you use, and that of a \
                 service account not beyond its organisation",
            ))
        }
    }

    /// Entries for everyone whom the token concerns: its organisation, or all of its user's.
    fn audit_token(
        &self,
        context: &Context,
        action: &str,
        user: &User,
        token: &Token,
    ) -> Vec<Change> {
        let detail = format!("{} ({})", token.name, token.level);
        let concerned = match token.scope.organisation() {
            Some(organisation) => vec![organisation],
            None => context.organisations(),
        };
        self.audit_each(context, action, &user.email, &concerned, &detail)
    }

    /// The same entry for several organisations; for the one that operates the installation, if there is none.
    pub(crate) fn audit_each(
        &self,
        context: &Context,
        action: &str,
        subject: &str,
        organisations: &[OrganisationId],
        detail: &str,
    ) -> Vec<Change> {
        if organisations.is_empty() {
            return vec![self.audit(context, action, subject, None, detail)];
        }
        let entry =
            |id: &OrganisationId| self.audit_organisation(context, action, subject, *id, detail);
        organisations.iter().map(entry).collect()
    }
}

/// A name for people.
pub(super) fn checked_name(field: &'static str, name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid(field, "1 to 100 characters are needed"));
    }
    Ok(name.to_owned())
}

/// The end of a token that is made with another one that may have an end too.
fn checked_end(
    wanted: Option<Timestamp>,
    own: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    if wanted.is_some_and(|end| end <= now) {
        return Err(Error::invalid("expires_at", "this time has passed"));
    }
    match (wanted, own) {
        (Some(wanted), Some(own)) if wanted > own => Err(Error::invalid(
            "expires_at",
            "the token that you use ends before that, and makes none that lasts longer",
        )),
        (wanted, own) => Ok(wanted.or(own)),
    }
}
