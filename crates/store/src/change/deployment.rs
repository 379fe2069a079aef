//! Changes of deployments.

use sqlx::query;
use windlass_model::id::{DeploymentId, EnvironmentId};
use windlass_model::time::Timestamp;
use windlass_records::{Deployment, DeploymentStatus};

use super::Changes;
use crate::fault::{Fault, broken_rule, conflict, missing, unique};
use crate::row::{parsed, text_or_none, time_or_none, to_document};

/// How a deployment ended.
pub(super) struct End<'a> {
    pub(super) status: DeploymentStatus,
    pub(super) failed_step: Option<&'a str>,
    pub(super) error: Option<&'a str>,
    pub(super) hint: Option<&'a str>,
    pub(super) at: Timestamp,
}

impl Changes<'_> {
    pub(super) async fn insert_deployment(&mut self, row: &Deployment) -> Result<(), Fault> {
        let application = self.application_of(row.environment).await?;
        self.expect_application_stays(application).await?;
        let inserted = query(
            "INSERT INTO deployment (id, application_id, environment_id, operation_id, number, release_id, snapshot, \
             instances, status, failed_step, error, hint, commit_id, actor, started_at, ended_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(application.to_string())
        .bind(row.environment.to_string())
        .bind(row.operation.to_string())
        .bind(row.number)
        .bind(row.release.to_string())
        .bind(row.snapshot.to_string())
        .bind(to_document(&row.instances))
        .bind(row.status.as_str())
        .bind(&row.failed_step)
        .bind(&row.error)
        .bind(&row.hint)
        .bind(&row.commit)
        .bind(&row.actor)
        .bind(row.started_at.0)
        .bind(row.ended_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await;
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if broken_rule(&error) == Some("deployment.environment_id") => {
                Err(self.other_deployment(row.environment).await?)
            }
            Err(error) => {
                let number = || {
                    format!(
                        "the environment has a deployment {} already; try again",
                        row.number
                    )
                };
                let id = || format!("deployment {} exists already", row.id);
                Err(unique(
                    error,
                    &[
                        ("deployment.environment_id, deployment.number", &number),
                        ("deployment.id", &id),
                    ],
                ))
            }
        }
    }

    /// The conflict that names the environment's unfinished deployment.
    async fn other_deployment(&mut self, environment: EnvironmentId) -> Result<Fault, Fault> {
        let row = query("SELECT id FROM deployment WHERE environment_id = ? AND ended_at IS NULL")
            .bind(environment.to_string())
            .fetch_one(&mut *self.connection)
            .await?;
        let id: DeploymentId = parsed(&row, "id")?;
        Ok(conflict(format!(
            "deployment {id} of this environment is at work; wait for it to end, or cancel it"
        )))
    }

    pub(super) async fn set_deployment_status(
        &mut self,
        id: DeploymentId,
        status: DeploymentStatus,
    ) -> Result<(), Fault> {
        if status.is_finished() {
            return Err(conflict(format!(
                "deployment {id} can only end with its time and reason; this is a fault of Windlass"
            )));
        }
        self.expect_unfinished(id).await?;
        query("UPDATE deployment SET status = ? WHERE id = ?")
            .bind(status.as_str())
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn set_deployment_commit(
        &mut self,
        id: DeploymentId,
        commit: &str,
    ) -> Result<(), Fault> {
        let result = query("UPDATE deployment SET commit_id = ? WHERE id = ?")
            .bind(commit)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        super::found(&result, || format!("deployment {id}"))
    }

    pub(super) async fn finish_deployment(
        &mut self,
        id: DeploymentId,
        end: End<'_>,
    ) -> Result<(), Fault> {
        if !end.status.is_finished() {
            return Err(conflict(format!(
                "deployment {id} cannot end as {}; this is a fault of Windlass",
                end.status.as_str()
            )));
        }
        if self.ended_at(id).await?.is_some() {
            return Ok(());
        }
        query("UPDATE deployment SET status = ?, failed_step = ?, error = ?, hint = ?, ended_at = ? WHERE id = ?")
            .bind(end.status.as_str())
            .bind(end.failed_step)
            .bind(end.error)
            .bind(end.hint)
            .bind(end.at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn expect_no_deployment_in(
        &mut self,
        environment: EnvironmentId,
    ) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM deployment WHERE environment_id = ? AND ended_at IS NULL")
            .bind(environment.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            None => Ok(()),
            Some(_) => Err(self.other_deployment(environment).await?),
        }
    }

    /// Forgetting twice is fine: what is wanted is that it is gone.
    pub(super) async fn delete_deployment(&mut self, id: DeploymentId) -> Result<(), Fault> {
        let row = query(
            "SELECT deployment.ended_at, release.id AS release_id FROM deployment \
             LEFT JOIN release ON release.deployment_id = deployment.id WHERE deployment.id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        let Some(row) = row else { return Ok(()) };
        if time_or_none(&row, "ended_at")?.is_none() {
            return Err(conflict(format!(
                "deployment {id} is at work; it cannot be forgotten"
            )));
        }
        if let Some(release) = text_or_none(&row, "release_id")? {
            return Err(conflict(format!(
                "deployment {id} made release {release}, which is kept; it cannot be forgotten"
            )));
        }
        query("DELETE FROM deployment WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    async fn expect_unfinished(&mut self, id: DeploymentId) -> Result<(), Fault> {
        match self.ended_at(id).await? {
            None => Ok(()),
            Some(_) => Err(conflict(format!("deployment {id} has ended already"))),
        }
    }

    async fn ended_at(&mut self, id: DeploymentId) -> Result<Option<Timestamp>, Fault> {
        let row = query("SELECT ended_at FROM deployment WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("deployment {id}")))?;
        time_or_none(&row, "ended_at")
    }
}
