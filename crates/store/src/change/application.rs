//! Changes of applications.

use sqlx::query;
use windlass_model::id::ApplicationId;
use windlass_records::{Application, ReleaseCommand};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{flag, text, to_document};

impl Changes<'_> {
    pub(super) async fn insert_application(&mut self, row: &Application) -> Result<(), Fault> {
        self.expect_organisation(row.organisation).await?;
        self.expect_region(row.region).await?;
        if let Some(repository) = row.repository {
            self.expect_repository(repository, row.organisation).await?;
        }
        query(
            "INSERT INTO application \
             (id, organisation_id, slug, name, region_id, release_commands, repository_id, removing, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.organisation.to_string())
        .bind(row.slug.as_str())
        .bind(&row.name)
        .bind(row.region.to_string())
        .bind(to_document(&row.release_commands))
        .bind(row.repository.map(|id| id.to_string()))
        .bind(row.removing)
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let slug = || format!("an application with the name '{}' exists already; choose another name", row.slug);
            let id = || format!("application {} exists already", row.id);
            let repository = || "another application has this repository already".to_owned();
            let rules: [(&str, &dyn Fn() -> String); 3] = [
                ("application.slug", &slug),
                ("application.repository_id", &repository),
                ("application.id", &id),
            ];
            unique(error, &rules)
        })?;
        Ok(())
    }

    pub(super) async fn set_release_commands(
        &mut self,
        id: ApplicationId,
        commands: &[ReleaseCommand],
    ) -> Result<(), Fault> {
        let result = query("UPDATE application SET release_commands = ? WHERE id = ?")
            .bind(to_document(commands))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("application {id}"))
    }

    pub(super) async fn set_application_removing(
        &mut self,
        id: ApplicationId,
        removing: bool,
    ) -> Result<(), Fault> {
        if removing {
            self.expect_no_deployment(id).await?;
        }
        let result = query("UPDATE application SET removing = ? WHERE id = ?")
            .bind(removing)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("application {id}"))
    }

    /// No deployment of the application is at work.
    async fn expect_no_deployment(&mut self, id: ApplicationId) -> Result<(), Fault> {
        let deployment =
            query("SELECT id FROM deployment WHERE application_id = ? AND ended_at IS NULL")
                .bind(id.to_string())
                .fetch_optional(&mut *self.connection)
                .await?;
        match deployment {
            None => Ok(()),
            Some(row) => Err(conflict(format!(
                "deployment {} of the application is at work; wait for it to end, or cancel it",
                text(&row, "id")?
            ))),
        }
    }

    /// The application is there, and something new may begin in it.
    pub(super) async fn expect_application_stays(
        &mut self,
        id: ApplicationId,
    ) -> Result<(), Fault> {
        let row = query("SELECT slug, removing FROM application WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("application {id}")))?;
        if flag(&row, "removing")? {
            let slug = text(&row, "slug")?;
            return Err(conflict(format!(
                "application '{slug}' is being removed; nothing new can begin in it"
            )));
        }
        Ok(())
    }
}
