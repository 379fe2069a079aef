//! Queries about custom variables.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_records::{Page, PageRequest, Variable, VariableFilter};

use super::{Limit, Where};
use crate::cursor;
use crate::fault::Fault;
use crate::row::{flag, number, parsed, text, time};

const LIST: &str = "variables";

pub(crate) async fn variables(
    connection: &mut SqliteConnection,
    filter: &VariableFilter,
    page: &PageRequest,
) -> Result<Page<Variable>, Fault> {
    let after: Option<(i64, String, String)> = cursor::decode(LIST, page)?;
    let count = chosen("SELECT COUNT(*) FROM variable", filter)
        .count(&mut *connection)
        .await?;
    let mut list = chosen("SELECT * FROM variable", filter);
    if let Some((position, environment, name)) = after {
        list.and()
            .push("(position, environment_id, name) > (")
            .push_bind(position)
            .push(", ")
            .push_bind(environment)
            .push(", ")
            .push_bind(name)
            .push(")");
    }
    let limit = Limit::of(page);
    let rows = list
        .rows(connection, "position, environment_id, name", limit)
        .await?;
    limit.page(&rows, count, variable_from, |row| {
        let key = (
            number::<i64>(row, "position")?,
            text(row, "environment_id")?,
            text(row, "name")?,
        );
        Ok(cursor::encode(LIST, &key))
    })
}

fn chosen(statement: &str, filter: &VariableFilter) -> Where {
    let mut list = Where::new(statement);
    list.equals(
        "application_id",
        filter.application.map(|id| id.to_string()),
    )
    .equals(
        "environment_id",
        filter.environment.map(|id| id.to_string()),
    )
    .equals("name", filter.name.as_ref().map(ToString::to_string));
    list
}

fn variable_from(row: &SqliteRow) -> Result<Variable, Fault> {
    Ok(Variable {
        id: parsed(row, "id")?,
        environment: parsed(row, "environment_id")?,
        name: parsed(row, "name")?,
        value: parsed(row, "value")?,
        is_sensitive: flag(row, "is_sensitive")?,
        overrides: flag(row, "overrides")?,
        version: number(row, "version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}
