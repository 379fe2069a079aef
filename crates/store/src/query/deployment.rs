//! Queries about deployments and releases.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{DeploymentId, EnvironmentId, ReleaseId};
use windlass_records::{Deployment, DeploymentFilter, Page, PageRequest, Release};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{
    document, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none, word,
};

const DEPLOYMENTS: &str = "deployments";
const RELEASES: &str = "releases";

pub(crate) async fn deployments(
    connection: &mut SqliteConnection,
    filter: &DeploymentFilter,
    page: &PageRequest,
) -> Result<Page<Deployment>, Fault> {
    let after: Option<(i64, String)> = cursor::decode(DEPLOYMENTS, page)?;
    let count = chosen("SELECT COUNT(*) FROM deployment", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM deployment", filter);
    if let Some((started_at, id)) = after {
        list.and()
            .push("(started_at, id) < (")
            .push_bind(started_at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    let limit = Limit::of(page);
    let rows = list
        .rows(connection, "started_at DESC, id DESC", limit)
        .await?;
    limit.page(&rows, count, deployment_from, |row| {
        Ok(cursor::encode(
            DEPLOYMENTS,
            &(time(row, "started_at")?, text(row, "id")?),
        ))
    })
}

fn chosen(statement: &str, filter: &DeploymentFilter) -> Where {
    let mut list = Where::new(statement);
    list.equals(
        "application_id",
        filter.application.map(|id| id.to_string()),
    )
    .equals(
        "environment_id",
        filter.environment.map(|id| id.to_string()),
    );
    if filter.unfinished {
        list.and().push("ended_at IS NULL");
    }
    list
}

pub(crate) async fn deployment(
    connection: &mut SqliteConnection,
    id: DeploymentId,
) -> Result<Option<Deployment>, Fault> {
    let row = query("SELECT * FROM deployment WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(deployment_from).transpose()
}

pub(crate) async fn next_deployment_number(
    connection: &mut SqliteConnection,
    environment: EnvironmentId,
) -> Result<u32, Fault> {
    let row = query(
        "SELECT 1 + COALESCE(MAX(number), 0) AS number FROM deployment WHERE environment_id = ?",
    )
    .bind(environment.to_string())
    .fetch_one(connection)
    .await?;
    number(&row, "number")
}

pub(crate) async fn releases(
    connection: &mut SqliteConnection,
    environment: EnvironmentId,
    page: &PageRequest,
) -> Result<Page<Release>, Fault> {
    let after: Option<u32> = cursor::decode(RELEASES, page)?;
    let numbered = |statement: &str| {
        let mut list = Where::new(statement);
        list.equals("environment_id", Some(environment.to_string()));
        list.and().push("number > 0");
        list
    };
    let count = numbered("SELECT COUNT(*) FROM release")
        .count(&mut *connection)
        .await?;
    let mut list = numbered("SELECT * FROM release");
    if let Some(number) = after {
        list.and().push("number < ").push_bind(number);
    }
    let limit = Limit::of(page);
    let rows = list.rows(connection, "number DESC", limit).await?;
    limit.page(&rows, count, release_from, |row| {
        Ok(cursor::encode(RELEASES, &number::<u32>(row, "number")?))
    })
}

pub(crate) async fn release(
    connection: &mut SqliteConnection,
    id: ReleaseId,
) -> Result<Option<Release>, Fault> {
    let row = query("SELECT * FROM release WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(release_from).transpose()
}

fn deployment_from(row: &SqliteRow) -> Result<Deployment, Fault> {
    Ok(Deployment {
        id: parsed(row, "id")?,
        environment: parsed(row, "environment_id")?,
        operation: parsed(row, "operation_id")?,
        number: number(row, "number")?,
        release: parsed(row, "release_id")?,
        snapshot: document(row, "snapshot")?,
        instances: document(row, "instances")?,
        status: word(row, "status")?,
        failed_step: text_or_none(row, "failed_step")?,
        error: text_or_none(row, "error")?,
        hint: text_or_none(row, "hint")?,
        commit: text_or_none(row, "commit_id")?,
        actor: text(row, "actor")?,
        started_at: time(row, "started_at")?,
        ended_at: time_or_none(row, "ended_at")?,
    })
}

fn release_from(row: &SqliteRow) -> Result<Release, Fault> {
    Ok(Release {
        id: parsed(row, "id")?,
        environment: parsed(row, "environment_id")?,
        number: number(row, "number")?,
        deployment: parsed(row, "deployment_id")?,
        image: text(row, "image")?,
        commit: text_or_none(row, "commit_id")?,
        processes: document(row, "processes")?,
        variables: document(row, "variables")?,
        bindings: document(row, "bindings")?,
        hosts: document(row, "hosts")?,
        rollback_of: parsed_or_none(row, "rollback_of")?,
        created_at: time(row, "created_at")?,
    })
}
