//! Queries about service instances and bindings.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{BindingId, InstanceId};
use windlass_records::{Binding, Instance, InstanceFilter, MediaDomain, Page, PageRequest};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{
    document_or_none, flag, number, parsed, parsed_or_none, text, text_or_none, time, time_or_none,
    word,
};

const LIST: &str = "instances";

pub(crate) async fn instances(
    connection: &mut SqliteConnection,
    filter: &InstanceFilter,
    page: &PageRequest,
) -> Result<Page<Instance>, Fault> {
    let after: Option<(String, String)> = cursor::decode(LIST, page)?;
    let count = chosen("SELECT COUNT(*) FROM instance", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM instance", filter);
    if let Some((key, id)) = after {
        list.and()
            .push("(sort_key, id) > (")
            .push_bind(key)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    let limit = Limit::of(page);
    let rows = list.rows(connection, "sort_key, id", limit).await?;
    limit.page(&rows, count, instance_from, |row| {
        Ok(cursor::encode(
            LIST,
            &(text(row, "sort_key")?, text(row, "id")?),
        ))
    })
}

fn chosen(statement: &str, filter: &InstanceFilter) -> Where {
    let mut list = Where::new(statement);
    list.equals(
        "application_id",
        filter.application.map(|id| id.to_string()),
    )
    .equals(
        "environment_id",
        filter.environment.map(|id| id.to_string()),
    )
    .equals("cluster_id", filter.cluster.map(|id| id.to_string()));
    if !filter.with_removed {
        list.and().push("state <> 'REMOVED'");
    }
    list
}

pub(crate) async fn instance(
    connection: &mut SqliteConnection,
    id: InstanceId,
) -> Result<Option<Instance>, Fault> {
    let row = query("SELECT * FROM instance WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(instance_from).transpose()
}

pub(crate) async fn bindings(
    connection: &mut SqliteConnection,
    instance: InstanceId,
) -> Result<Vec<Binding>, Fault> {
    let rows = query(
        "SELECT * FROM binding WHERE instance_id = ? AND state <> 'revoked' ORDER BY generation",
    )
    .bind(instance.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(binding_from).collect()
}

pub(crate) async fn replaced_bindings(
    connection: &mut SqliteConnection,
) -> Result<Vec<Binding>, Fault> {
    let rows = query(
        "SELECT * FROM binding WHERE state = 'revoking' AND grace_ends_at IS NOT NULL \
         ORDER BY grace_ends_at, id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(binding_from).collect()
}

pub(crate) async fn binding(
    connection: &mut SqliteConnection,
    id: BindingId,
) -> Result<Option<Binding>, Fault> {
    let row = query("SELECT * FROM binding WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(binding_from).transpose()
}

pub(crate) fn instance_from(row: &SqliteRow) -> Result<Instance, Fault> {
    Ok(Instance {
        id: parsed(row, "id")?,
        environment: parsed(row, "environment_id")?,
        service: parsed(row, "service_id")?,
        kind: text(row, "kind")?,
        prefix: parsed(row, "prefix")?,
        url_scheme: text_or_none(row, "url_scheme")?,
        profile: parsed_or_none(row, "profile")?,
        given_url: parsed_or_none(row, "given_url")?,
        public: flag(row, "public")?,
        media_domain: media_domain(row)?,
        state: parsed(row, "state")?,
        state_before_removal: parsed_or_none(row, "state_before_removal")?,
        cluster: parsed_or_none(row, "cluster_id")?,
        generation: number(row, "generation")?,
        last_error: document_or_none(row, "last_error")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

fn media_domain(row: &SqliteRow) -> Result<Option<MediaDomain>, Fault> {
    let Some(host) = parsed_or_none(row, "media_domain")? else {
        return Ok(None);
    };
    let is_cdn = flag(row, "media_domain_is_cdn")?;
    Ok(Some(MediaDomain { host, is_cdn }))
}

fn binding_from(row: &SqliteRow) -> Result<Binding, Fault> {
    Ok(Binding {
        id: parsed(row, "id")?,
        instance: parsed(row, "instance_id")?,
        generation: number(row, "generation")?,
        password: parsed(row, "password")?,
        state: word(row, "state")?,
        operation: parsed(row, "operation_id")?,
        created_at: time(row, "created_at")?,
        grace_ends_at: time_or_none(row, "grace_ends_at")?,
    })
}
