//! Changes of secrets, and the rules about who refers to them.

use sqlx::query;
use windlass_model::id::SecretId;
use windlass_records::NewSecret;

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};

/// What the changes of one transaction have said about secrets.
#[derive(Default)]
pub(super) struct References {
    needed: Vec<SecretId>,
    forgotten: Vec<SecretId>,
    loose: Vec<SecretId>,
}

impl References {
    /// A new row refers to it: it has to be there in the end.
    pub(super) fn need(&mut self, id: SecretId) {
        self.needed.push(id);
    }

    /// A row that referred to it is gone: it is forgotten in the end, unless another refers to it.
    pub(super) fn loosen(&mut self, id: SecretId) {
        self.loose.push(id);
    }
}

impl Changes<'_> {
    pub(super) async fn insert_secret(&mut self, new: &NewSecret) -> Result<(), Fault> {
        let sealed = self.vault.seal(new.id, &new.value)?;
        query("INSERT INTO secret (id, key_id, sealed, created_at) VALUES (?, ?, ?, ?)")
            .bind(new.id.to_string())
            .bind(self.vault.key_id())
            .bind(sealed)
            .bind(new.created_at.0)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                unique(
                    error,
                    &[("secret.id", &|| format!("secret {} exists already", new.id))],
                )
            })?;
        Ok(())
    }

    /// Forgetting twice is fine: what is wanted is that it is gone.
    pub(super) async fn delete_secret(&mut self, id: SecretId) -> Result<(), Fault> {
        let pinned = query("SELECT 1 FROM release_secret WHERE secret_id = ?").bind(id.to_string());
        if pinned
            .fetch_optional(&mut *self.connection)
            .await?
            .is_some()
        {
            return Err(conflict(format!(
                "secret {id} is pinned by a release; it cannot be forgotten"
            )));
        }
        self.references.forgotten.push(id);
        self.drop_secret(id).await
    }

    /// Looks at what the changes have left: no row may refer to a secret that is not there.
    pub(super) async fn check_references(mut self) -> Result<(), Fault> {
        let References {
            needed,
            forgotten,
            loose,
        } = std::mem::take(&mut self.references);
        for id in needed {
            let row = query("SELECT 1 FROM secret WHERE id = ?").bind(id.to_string());
            if row.fetch_optional(&mut *self.connection).await?.is_none() {
                return Err(missing(format!("secret {id}")));
            }
        }
        for id in forgotten {
            if self.is_used(id).await? {
                return Err(conflict(format!(
                    "secret {id} is still in use; it cannot be forgotten"
                )));
            }
        }
        for id in loose {
            if !self.is_used(id).await? {
                self.drop_secret(id).await?;
            }
        }
        Ok(())
    }

    /// Whether something refers to the secret: a row that is alive, a release, or the snapshot of a
    /// deployment that has not ended, whose release is yet to be made.
    async fn is_used(&mut self, id: SecretId) -> Result<bool, Fault> {
        let row = query(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM variable WHERE value = ?1) \
             OR EXISTS (SELECT 1 FROM environment WHERE secret_key = ?1) \
             OR EXISTS (SELECT 1 FROM cluster WHERE password = ?1 AND state <> 'removed') \
             OR EXISTS (SELECT 1 FROM service_broker WHERE password = ?1) \
             OR EXISTS (SELECT 1 FROM binding WHERE password = ?1 AND state <> 'revoked') \
             OR EXISTS (SELECT 1 FROM instance WHERE given_url = ?1 AND state <> 'REMOVED') \
             OR EXISTS (SELECT 1 FROM instance_backup WHERE key_secret = ?1 \
                AND (ended_at IS NULL OR content_bytes IS NOT NULL)) \
             OR EXISTS (SELECT 1 FROM instance_download WHERE link = ?1) \
             OR EXISTS (SELECT 1 FROM release_secret WHERE secret_id = ?1) \
             OR EXISTS (SELECT 1 FROM deployment WHERE ended_at IS NULL AND instr(snapshot, ?1) > 0)",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(row.is_some())
    }

    async fn drop_secret(&mut self, id: SecretId) -> Result<(), Fault> {
        query("DELETE FROM secret WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}
