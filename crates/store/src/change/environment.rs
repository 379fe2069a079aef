//! Changes of environments, and the numbers of subnets.

use sqlx::query;
use windlass_model::id::{ApplicationId, ClusterId, EnvironmentId, RegionId, ReleaseId};
use windlass_model::names::BranchName;
use windlass_records::Environment;

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{parsed, parsed_or_none, text};

impl Changes<'_> {
    pub(super) async fn insert_environment(&mut self, row: &Environment) -> Result<(), Fault> {
        self.expect_application_stays(row.application).await?;
        self.references.need(row.secret_key);
        query(
            "INSERT INTO environment (id, application_id, slug, position, branch, subnet, secret_key, running_release, \
             created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.application.to_string())
        .bind(row.slug.as_str())
        .bind(row.position)
        .bind(row.branch.as_str())
        .bind(row.subnet)
        .bind(row.secret_key.to_string())
        .bind(row.running_release.map(|id| id.to_string()))
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let slug = || format!("the application has an environment '{}' already; choose another name", row.slug);
            let id = || format!("environment {} exists already", row.id);
            unique(error, &[("environment.application_id, environment.slug", &slug), ("environment.id", &id)])
        })?;
        let application = query("SELECT region_id FROM application WHERE id = ?")
            .bind(row.application.to_string())
            .fetch_one(&mut *self.connection)
            .await?;
        self.take_subnet(
            parsed(&application, "region_id")?,
            row.subnet,
            Some(row.id),
            None,
        )
        .await
    }

    pub(super) async fn set_branch(
        &mut self,
        id: EnvironmentId,
        branch: &BranchName,
    ) -> Result<(), Fault> {
        let result = query("UPDATE environment SET branch = ? WHERE id = ?")
            .bind(branch.as_str())
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("environment {id}"))
    }

    pub(super) async fn set_running_release(
        &mut self,
        id: EnvironmentId,
        from: Option<ReleaseId>,
        to: Option<ReleaseId>,
    ) -> Result<(), Fault> {
        let row = query("SELECT slug, running_release FROM environment WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("environment {id}")))?;
        if parsed_or_none::<ReleaseId>(&row, "running_release")? != from {
            let slug = text(&row, "slug")?;
            return Err(conflict(format!(
                "the running release of environment '{slug}' has changed since; something else switched it first"
            )));
        }
        if let Some(to) = to {
            let release = query("SELECT environment_id FROM release WHERE id = ?")
                .bind(to.to_string())
                .fetch_optional(&mut *self.connection)
                .await?
                .ok_or_else(|| missing(format!("release {to}")))?;
            if parsed::<EnvironmentId>(&release, "environment_id")? != id {
                return Err(conflict(format!(
                    "release {to} belongs to another environment"
                )));
            }
        }
        query("UPDATE environment SET running_release = ? WHERE id = ?")
            .bind(to.map(|id| id.to_string()))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Takes a number out of the region's space.
    pub(super) async fn take_subnet(
        &mut self,
        region: RegionId,
        number: u32,
        environment: Option<EnvironmentId>,
        cluster: Option<ClusterId>,
    ) -> Result<(), Fault> {
        query("INSERT INTO subnet (region_id, number, environment_id, cluster_id) VALUES (?, ?, ?, ?)")
            .bind(region.to_string())
            .bind(number)
            .bind(environment.map(|id| id.to_string()))
            .bind(cluster.map(|id| id.to_string()))
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                let text = || format!("subnet {number} of the region was taken in the meantime; try again");
                unique(error, &[("subnet.region_id, subnet.number", &text)])
            })?;
        Ok(())
    }

    pub(super) async fn free_subnet_of_cluster(&mut self, id: ClusterId) -> Result<(), Fault> {
        query("DELETE FROM subnet WHERE cluster_id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The application of an environment that something new begins in.
    pub(super) async fn application_of(
        &mut self,
        id: EnvironmentId,
    ) -> Result<ApplicationId, Fault> {
        let row = query("SELECT application_id FROM environment WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("environment {id}")))?;
        parsed(&row, "application_id")
    }
}
