//! Changes of repositories elsewhere.

use sqlx::query;
use windlass_model::id::{OrganisationId, RepositoryId};
use windlass_model::repository::RepositoryState;
use windlass_records::{Repository, RepositoryAccess};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{parsed_or_none, text};

impl Changes<'_> {
    pub(super) async fn insert_repository(&mut self, row: &Repository) -> Result<(), Fault> {
        self.expect_organisation(row.organisation).await?;
        let (username, key_type, public_key) = match &row.access {
            RepositoryAccess::Open => (None, None, None),
            RepositoryAccess::Password { username, .. } => (Some(username), None, None),
            RepositoryAccess::Key {
                key_type,
                public_key,
                ..
            } => (None, Some(key_type.as_str()), Some(public_key)),
        };
        let secret = row.access.secret();
        if let Some(secret) = secret {
            self.references.need(secret);
        }
        query(
            "INSERT INTO repository \
             (id, organisation_id, url, username, key_type, public_key, secret, state, failure, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.organisation.to_string())
        .bind(&row.url)
        .bind(username)
        .bind(key_type)
        .bind(public_key)
        .bind(secret.map(|id| id.to_string()))
        .bind(row.state.as_str())
        .bind(&row.failure)
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let id = || format!("repository {} exists already", row.id);
            unique(error, &[("repository.id", &id)])
        })?;
        Ok(())
    }

    pub(super) async fn set_repository_state(
        &mut self,
        id: RepositoryId,
        state: RepositoryState,
        failure: Option<&str>,
    ) -> Result<(), Fault> {
        let result = query("UPDATE repository SET state = ?, failure = ? WHERE id = ?")
            .bind(state.as_str())
            .bind(failure)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("repository {id}"))
    }

    pub(super) async fn delete_repository(&mut self, id: RepositoryId) -> Result<(), Fault> {
        let user = query("SELECT slug FROM application WHERE repository_id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?;
        if let Some(user) = user {
            return Err(conflict(format!(
                "application '{}' has its code in this repository",
                text(&user, "slug")?
            )));
        }
        let row = query("DELETE FROM repository WHERE id = ? RETURNING secret")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("repository {id}")))?;
        if let Some(secret) = parsed_or_none(&row, "secret")? {
            self.references.loosen(secret);
        }
        Ok(())
    }

    /// The repository is there for an application of that organisation.
    pub(super) async fn expect_repository(
        &mut self,
        id: RepositoryId,
        organisation: OrganisationId,
    ) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM repository WHERE id = ? AND organisation_id = ?")
            .bind(id.to_string())
            .bind(organisation.to_string())
            .fetch_optional(&mut *self.connection)
            .await?;
        match row {
            Some(_) => Ok(()),
            None => Err(missing(format!("repository {id}"))),
        }
    }
}
