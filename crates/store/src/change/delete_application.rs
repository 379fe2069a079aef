//! The end of an application: everything that belongs to it, child before parent.
//!
//! Without `ON DELETE CASCADE`, so that a table that is added later and forgotten here makes the
//! deletion fail instead of taking its rows along unseen.

use sqlx::query;
use windlass_model::id::ApplicationId;
use windlass_records::CLEAN_UP_SUBJECT;

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing};
use crate::row::text;

/// Each refuses when it gives a row: the query, and what the row's first two columns are named in. `?2` is
/// the operation that deletes, `?3` the kind of subject of those that do not stand in its way.
const GUARDS: [(&str, &str); 5] = [
    (
        "SELECT kind || ' instance ' || prefix AS what, state AS how FROM instance \
         WHERE application_id = ?1 AND state <> 'REMOVED' LIMIT 1",
        "remove it first",
    ),
    (
        "SELECT 'binding ' || binding.id AS what, binding.state AS how FROM binding \
         JOIN instance ON instance.id = binding.instance_id \
         WHERE instance.application_id = ?1 AND binding.state <> 'revoked' LIMIT 1",
        "its credentials have to be revoked first",
    ),
    (
        "SELECT 'private cluster ' || cluster.id AS what, cluster.state AS how FROM cluster \
         JOIN instance ON instance.id = cluster.instance_id \
         WHERE instance.application_id = ?1 AND cluster.state <> 'removed' LIMIT 1",
        "it has to be removed first",
    ),
    (
        "SELECT 'deployment ' || id AS what, status AS how FROM deployment \
         WHERE application_id = ?1 AND ended_at IS NULL AND operation_id IS NOT ?2 LIMIT 1",
        "wait for it to end, or cancel it",
    ),
    (
        "SELECT 'operation ' || id AS what, state AS how FROM operation \
         WHERE state IN ('pending', 'running', 'compensating', 'needs_attention') AND id IS NOT ?2 \
         AND subject_kind <> ?3 AND (subject_id = ?1 OR subject_id IN (SELECT id FROM environment WHERE application_id = ?1) \
              OR subject_id IN (SELECT id FROM instance WHERE application_id = ?1)) LIMIT 1",
        "wait for it to end, or cancel it",
    ),
];

const DELETIONS: [&str; 14] = [
    "DELETE FROM token WHERE application_id = ?1",
    "UPDATE environment SET running_release = NULL WHERE application_id = ?1",
    "DELETE FROM release_secret WHERE release_id IN (SELECT release.id FROM release \
     JOIN environment ON environment.id = release.environment_id WHERE environment.application_id = ?1)",
    "DELETE FROM release WHERE environment_id IN (SELECT id FROM environment WHERE application_id = ?1)",
    "DELETE FROM deployment WHERE application_id = ?1",
    "DELETE FROM variable WHERE environment_id IN (SELECT id FROM environment WHERE application_id = ?1)",
    "DELETE FROM binding WHERE instance_id IN (SELECT id FROM instance WHERE application_id = ?1)",
    "UPDATE instance SET cluster_id = NULL WHERE application_id = ?1",
    "DELETE FROM subnet WHERE cluster_id IN (SELECT cluster.id FROM cluster \
     JOIN instance ON instance.id = cluster.instance_id WHERE instance.application_id = ?1)",
    "DELETE FROM cluster WHERE instance_id IN (SELECT id FROM instance WHERE application_id = ?1)",
    "DELETE FROM instance WHERE application_id = ?1",
    "DELETE FROM subnet WHERE environment_id IN (SELECT id FROM environment WHERE application_id = ?1)",
    "DELETE FROM environment WHERE application_id = ?1",
    "DELETE FROM application WHERE id = ?1",
];

/// The secrets of the application's rows.
const SECRETS: &str = "SELECT secret_key AS id FROM environment WHERE application_id = ?1 \
    UNION SELECT value FROM variable WHERE environment_id IN (SELECT id FROM environment WHERE application_id = ?1) \
    UNION SELECT binding.password FROM binding JOIN instance ON instance.id = binding.instance_id \
        WHERE instance.application_id = ?1 \
    UNION SELECT given_url FROM instance WHERE application_id = ?1 AND given_url IS NOT NULL \
    UNION SELECT cluster.password FROM cluster JOIN instance ON instance.id = cluster.instance_id \
        WHERE instance.application_id = ?1 \
    UNION SELECT release_secret.secret_id FROM release_secret JOIN release ON release.id = release_secret.release_id \
        JOIN environment ON environment.id = release.environment_id WHERE environment.application_id = ?1";

impl Changes<'_> {
    pub(super) async fn delete_application(&mut self, id: ApplicationId) -> Result<(), Fault> {
        let application = query("SELECT slug, repository_id FROM application WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("application {id}")))?;
        let slug = text(&application, "slug")?;
        let operation = self.operation.map(|id| id.to_string());
        for (guard, way_out) in GUARDS {
            let row = query(guard)
                .bind(id.to_string())
                .bind(&operation)
                .bind(CLEAN_UP_SUBJECT)
                .fetch_optional(&mut *self.connection)
                .await?;
            if let Some(row) = row {
                let (what, how) = (text(&row, "what")?, text(&row, "how")?);
                return Err(conflict(format!(
                    "application '{slug}' cannot be deleted: {what} is {how}; {way_out}"
                )));
            }
        }
        let secrets = query(SECRETS)
            .bind(id.to_string())
            .fetch_all(&mut *self.connection)
            .await?;
        for row in secrets {
            self.references.loosen(crate::row::parsed(&row, "id")?);
        }
        let repository = crate::row::parsed_or_none(&application, "repository_id")?;
        for deletion in DELETIONS {
            let result = query(deletion)
                .bind(id.to_string())
                .execute(&mut *self.connection)
                .await?;
            if deletion.starts_with("DELETE FROM application") {
                found(&result, || format!("application {id}"))?;
            }
        }
        if let Some(repository) = repository {
            self.delete_repository(repository).await?;
        }
        Ok(())
    }
}
