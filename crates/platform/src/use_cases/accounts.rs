//! Who the caller is.

use windlass_model::access::Action;
use windlass_model::id::OrganisationId;
use windlass_model::time::Timestamp;
use windlass_records::{Change, Organisation, Scope, Token, User};

use crate::authorize::{Place, authorize, may};
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

/// How exactly the last use of a token is kept: more would be a write for each request.
const USE_MILLIS: i64 = 60_000;

impl Platform {
    /// The caller that a token belongs to.
    ///
    /// # Errors
    /// The token is unknown, revoked, past its end, or its user is in no organisation any more.
    pub async fn authenticate(&self, token: &str, request_id: &str) -> Result<Context, Error> {
        // A token is looked up by its hash, so how long a comparison takes tells nothing about it.
        let hash = ids::token_hash(token);
        let holder = self.parts.store.token_by_hash(&hash).await?;
        let holder = holder.ok_or(Error::Unauthenticated)?;
        let now = self.parts.now();
        if holder.token.expires_at.is_some_and(|end| end <= now) {
            return Err(Error::Unauthenticated);
        }
        let token = holder.token.clone();
        let context = Context::of(holder, request_id);
        let operates = context.is_operator && token.scope == Scope::Everywhere;
        if context.memberships.is_empty() && !operates {
            return Err(Error::Unauthenticated);
        }
        self.note_use(&token, now).await;
        Ok(context)
    }

    /// Records that the token is used, at most once a minute.
    async fn note_use(&self, token: &Token, now: Timestamp) {
        if !self.parts.uses.is_due(token, now, USE_MILLIS) {
            return;
        }
        let used = Change::TouchToken {
            id: token.id,
            at: now,
        };
        // The request is good whether or not that can be written: a full disk locks nobody out.
        if let Err(error) = self.parts.store.commit(vec![used]).await {
            tracing::warn!(%error, "the last use of a token was not recorded");
        }
    }

    /// The caller itself.
    pub async fn me(&self, context: &Context) -> Result<User, Error> {
        authorize(context, Action::ViewAccount, &Place::Everyone, || {
            Error::Unauthenticated
        })?;
        let user = self.parts.store.user(context.user).await?;
        user.ok_or(Error::Unauthenticated)
    }

    /// The organisations that the caller belongs to.
    pub async fn organisations(&self, context: &Context) -> Result<Vec<Organisation>, Error> {
        let mut all = self.parts.store.organisations().await?;
        all.retain(|organisation| may(context, Action::ViewOrganisation, organisation));
        Ok(all)
    }

    /// One of them.
    pub async fn organisation(
        &self,
        context: &Context,
        id: OrganisationId,
    ) -> Result<Organisation, Error> {
        self.load_organisation(context, Action::ViewOrganisation, id)
            .await
    }
}
