//! Queries about applications, environments and subnets.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{ApplicationId, EnvironmentId, RegionId};
use windlass_model::names::EnvironmentSlug;
use windlass_records::{Application, ApplicationFilter, Environment, Page, PageRequest};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{document, flag, number, parsed, parsed_or_none, text, time};

const LIST: &str = "applications";

pub(crate) async fn applications(
    connection: &mut SqliteConnection,
    filter: &ApplicationFilter,
    page: &PageRequest,
) -> Result<Page<Application>, Fault> {
    let after: Option<String> = cursor::decode(LIST, page)?;
    let count = chosen("SELECT COUNT(*) FROM application", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM application", filter);
    if let Some(slug) = after {
        list.and().push("slug > ").push_bind(slug);
    }
    let limit = Limit::of(page);
    let rows = list.rows(connection, "slug", limit).await?;
    limit.page(&rows, count, application_from, |row| {
        Ok(cursor::encode(LIST, &text(row, "slug")?))
    })
}

fn chosen(statement: &str, filter: &ApplicationFilter) -> Where {
    let mut list = Where::new(statement);
    if let Some(organisations) = &filter.organisations {
        let ids: Vec<String> = organisations.iter().map(ToString::to_string).collect();
        list.one_of("organisation_id", &ids);
    }
    list.equals("id", filter.id.map(|id| id.to_string()))
        .equals("slug", filter.slug.as_ref().map(ToString::to_string));
    list
}

pub(crate) async fn application(
    connection: &mut SqliteConnection,
    id: ApplicationId,
) -> Result<Option<Application>, Fault> {
    let row = query("SELECT * FROM application WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(application_from).transpose()
}

pub(crate) async fn environments(
    connection: &mut SqliteConnection,
    application: ApplicationId,
) -> Result<Vec<Environment>, Fault> {
    let rows = query(
        "SELECT * FROM environment WHERE application_id = ? ORDER BY position, created_at, id",
    )
    .bind(application.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(environment_from).collect()
}

pub(crate) async fn all_environments(
    connection: &mut SqliteConnection,
) -> Result<Vec<Environment>, Fault> {
    let rows = query("SELECT * FROM environment ORDER BY id")
        .fetch_all(connection)
        .await?;
    rows.iter().map(environment_from).collect()
}

pub(crate) async fn environment(
    connection: &mut SqliteConnection,
    id: EnvironmentId,
) -> Result<Option<Environment>, Fault> {
    let row = query("SELECT * FROM environment WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(environment_from).transpose()
}

pub(crate) async fn environment_by_slug(
    connection: &mut SqliteConnection,
    application: ApplicationId,
    slug: &EnvironmentSlug,
) -> Result<Option<Environment>, Fault> {
    let row = query("SELECT * FROM environment WHERE application_id = ? AND slug = ?")
        .bind(application.to_string())
        .bind(slug.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(environment_from).transpose()
}

/// The lowest numbers that are not taken: the gaps first, then those behind the last.
pub(crate) async fn free_subnets(
    connection: &mut SqliteConnection,
    region: RegionId,
    count: u32,
) -> Result<Vec<u32>, Fault> {
    let rows = query("SELECT number FROM subnet WHERE region_id = ? ORDER BY number")
        .bind(region.to_string())
        .fetch_all(connection)
        .await?;
    let taken = rows
        .iter()
        .map(|row| number(row, "number"))
        .collect::<Result<Vec<u32>, _>>()?;
    let mut taken = taken.into_iter().peekable();
    let free = (0..=u32::MAX).filter(|candidate| taken.next_if_eq(candidate).is_none());
    Ok(free
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .collect())
}

fn application_from(row: &SqliteRow) -> Result<Application, Fault> {
    Ok(Application {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation_id")?,
        slug: parsed(row, "slug")?,
        name: text(row, "name")?,
        region: parsed(row, "region_id")?,
        release_commands: document(row, "release_commands")?,
        repository: parsed_or_none(row, "repository_id")?,
        removing: flag(row, "removing")?,
        created_at: time(row, "created_at")?,
    })
}

fn environment_from(row: &SqliteRow) -> Result<Environment, Fault> {
    Ok(Environment {
        id: parsed(row, "id")?,
        application: parsed(row, "application_id")?,
        slug: parsed(row, "slug")?,
        position: number(row, "position")?,
        branch: parsed(row, "branch")?,
        subnet: number(row, "subnet")?,
        secret_key: parsed(row, "secret_key")?,
        running_release: parsed_or_none(row, "running_release")?,
        created_at: time(row, "created_at")?,
    })
}
