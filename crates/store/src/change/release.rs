//! Changes of releases.

use sqlx::query;
use windlass_model::id::{EnvironmentId, ReleaseId, SecretId};
use windlass_model::names::EnvironmentSlug;
use windlass_records::{BindingState, Release, VariableValue};

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{number, parsed, to_document};

impl Changes<'_> {
    pub(super) async fn insert_release(&mut self, row: &Release) -> Result<(), Fault> {
        let deployment = query("SELECT environment_id FROM deployment WHERE id = ?")
            .bind(row.deployment.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("deployment {}", row.deployment)))?;
        if parsed::<EnvironmentId>(&deployment, "environment_id")? != row.environment {
            return Err(conflict(format!(
                "deployment {} belongs to another environment",
                row.deployment
            )));
        }
        for pinned in &row.bindings {
            match self.binding_state(pinned.binding).await? {
                BindingState::Pending | BindingState::Active => {}
                BindingState::Revoking | BindingState::Revoked => {
                    return Err(conflict(format!(
                        "the credentials of the instance {} that the release would have are revoked",
                        pinned.prefix
                    )));
                }
            }
        }
        query(
            "INSERT INTO release (id, environment_id, number, deployment_id, image, commit_id, processes, variables, \
             bindings, hosts, rollback_of, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.environment.to_string())
        .bind(row.number)
        .bind(row.deployment.to_string())
        .bind(&row.image)
        .bind(&row.commit)
        .bind(to_document(&row.processes))
        .bind(to_document(&row.variables))
        .bind(to_document(&row.bindings))
        .bind(to_document(&row.hosts))
        .bind(row.rollback_of.map(|id| id.to_string()))
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let id = || format!("release {} exists already", row.id);
            let number = || format!("the environment has a release {} already", row.number);
            unique(error, &[("release.id", &id), ("release.environment_id, release.number", &number)])
        })?;
        for variable in &row.variables {
            if let VariableValue::Secret(secret) = &variable.value {
                self.pin_secret(row.id, *secret).await?;
            }
        }
        Ok(())
    }

    async fn pin_secret(&mut self, release: ReleaseId, secret: SecretId) -> Result<(), Fault> {
        let there = query("SELECT 1 FROM secret WHERE id = ?").bind(secret.to_string());
        if there.fetch_optional(&mut *self.connection).await?.is_none() {
            return Err(missing(format!("secret {secret}")));
        }
        query("INSERT INTO release_secret (secret_id, release_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(secret.to_string())
            .bind(release.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// A release keeps the number that it has.
    pub(super) async fn number_release(&mut self, id: ReleaseId) -> Result<(), Fault> {
        let row = query("SELECT environment_id, number FROM release WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("release {id}")))?;
        if number::<u32>(&row, "number")? > 0 {
            return Ok(());
        }
        let environment: EnvironmentId = parsed(&row, "environment_id")?;
        query(
            "UPDATE release SET number = 1 + (SELECT COALESCE(MAX(number), 0) FROM release WHERE environment_id = ?1) \
             WHERE id = ?2",
        )
        .bind(environment.to_string())
        .bind(id.to_string())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    pub(super) async fn expect_release(&mut self, id: ReleaseId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM release WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(conflict(format!(
                "release {id} is not kept any more; choose another one"
            ))),
        }
    }

    /// Forgetting one that is not there is fine: a deployment may have failed before it made its release.
    pub(super) async fn delete_release(&mut self, id: ReleaseId) -> Result<(), Fault> {
        let running = query("SELECT slug FROM environment WHERE running_release = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?;
        if let Some(running) = running {
            let slug: EnvironmentSlug = parsed(&running, "slug")?;
            return Err(conflict(format!(
                "release {id} is the running one of environment '{slug}'; it stays"
            )));
        }
        let pinned = query("DELETE FROM release_secret WHERE release_id = ? RETURNING secret_id")
            .bind(id.to_string())
            .fetch_all(&mut *self.connection)
            .await?;
        for row in pinned {
            self.references.loosen(parsed(&row, "secret_id")?);
        }
        query("DELETE FROM release WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}
