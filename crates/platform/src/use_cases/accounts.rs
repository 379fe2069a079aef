//! Who the caller is.

use windlass_model::id::OrganisationId;
use windlass_records::{Organisation, User};

use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

impl Platform {
    /// The caller that a token belongs to.
    pub async fn authenticate(&self, token: &str, request_id: &str) -> Result<Context, Error> {
        // A token is looked up by its hash, so how long a comparison takes tells nothing about it.
        let (_, user) = self
            .parts
            .store
            .token_by_hash(&ids::token_hash(token))
            .await?
            .ok_or(Error::Unauthenticated)?;
        Ok(Context {
            user: user.id,
            email: user.email,
            organisation: user.organisation,
            request_id: request_id.to_owned(),
            idempotency: None,
        })
    }

    /// The caller itself.
    pub async fn me(&self, context: &Context) -> Result<User, Error> {
        self.parts
            .store
            .user(context.user)
            .await?
            .ok_or(Error::Unauthenticated)
    }

    /// The organisations that the caller belongs to.
    pub async fn organisations(&self, context: &Context) -> Result<Vec<Organisation>, Error> {
        let all = self.parts.store.organisations().await?;
        Ok(all
            .into_iter()
            .filter(|organisation| organisation.id == context.organisation)
            .collect())
    }

    /// One of them.
    pub async fn organisation(
        &self,
        context: &Context,
        id: OrganisationId,
    ) -> Result<Organisation, Error> {
        let own = self.organisations(context).await?;
        own.into_iter()
            .find(|organisation| organisation.id == id)
            .ok_or_else(|| Error::not_found("organisation", id))
    }
}
